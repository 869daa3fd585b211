# What limits a recommender: `make diagnose RATINGS=PATH`, or `snakemake diagnose --config
# movielens=PATH diagnose=movielens` (of clicks: clicks=PATH diagnose=clicks). The Snakefile includes
# these rules only where a diagnosis is asked for, so that a study's own plan never holds them.


wildcard_constraints:
    subject=DIAGNOSIS.subject,


rule load_diagnosis:
    input:
        clicks_inputs,
    output:
        "results/diagnosis/{subject}/clicks.safetensors",
    log:
        "results/logs/diagnosis/{subject}/load.log",
    benchmark:
        "results/benchmarks/diagnosis/{subject}/load.tsv"
    threads: 1
    resources:
        mem_mb=memory("load_diagnosis"),
        runtime=runtime("load_diagnosis"),
    params:
        spec=spec("load_diagnosis"),
    message:
        "Reading and checking the clicks of {wildcards.subject}"
    script:
        "../../scripts/diagnosis/load_diagnosis.py"


rule draw_diagnosis:
    output:
        data="results/diagnosis/{subject}/data.safetensors",
        fresh="results/diagnosis/{subject}/fresh.safetensors",
    log:
        "results/logs/diagnosis/{subject}/draw.log",
    benchmark:
        "results/benchmarks/diagnosis/{subject}/draw.tsv"
    threads: 1
    resources:
        mem_mb=memory("draw_diagnosis"),
        runtime=runtime("draw_diagnosis"),
    params:
        spec=spec("draw_diagnosis"),
    message:
        "Drawing ratings or clicks of cell {wildcards.subject}"
    script:
        "../../scripts/diagnosis/draw_diagnosis.py"


rule fit_diagnosis:
    input:
        data=DIAGNOSIS.data,
        fresh=rules.draw_diagnosis.output.fresh if DIAGNOSIS.cell else [],
    output:
        "results/diagnosis/{subject}/fits/{rung}.safetensors",
    log:
        "results/logs/diagnosis/{subject}/{rung}.log",
    benchmark:
        "results/benchmarks/diagnosis/{subject}/{rung}.tsv"
    wildcard_constraints:
        rung="|".join(DIAGNOSIS.rungs),
    threads: 1
    resources:
        mem_mb=memory("fit_diagnosis"),
        runtime=runtime("fit_diagnosis"),
    params:
        spec=spec("fit_diagnosis"),
    message:
        "Fitting {wildcards.rung} for the diagnosis of {wildcards.subject}"
    script:
        "../../scripts/diagnosis/fit_diagnosis.py"


rule judge_diagnosis:
    input:
        data=DIAGNOSIS.data,
        fresh=rules.draw_diagnosis.output.fresh if DIAGNOSIS.cell else [],
        fits=expand(rules.fit_diagnosis.output, rung=DIAGNOSIS.rungs, allow_missing=True),
    output:
        components="results/diagnosis/{subject}/components.csv",
        worth="results/diagnosis/{subject}/worth.csv",
        groups="results/diagnosis/{subject}/groups.csv",
        rungs="results/diagnosis/{subject}/rungs.csv",
        limits="results/diagnosis/{subject}/limits.csv",
        facts="results/diagnosis/{subject}/facts.csv",
        screen="results/diagnosis/{subject}/screen.txt",
        report="results/diagnosis/{subject}/report.md",
    log:
        "results/logs/diagnosis/{subject}/judge.log",
    benchmark:
        "results/benchmarks/diagnosis/{subject}/judge.tsv"
    threads: 1
    resources:
        mem_mb=memory("judge_diagnosis"),
        runtime=runtime("judge_diagnosis"),
    params:
        spec=spec("judge_diagnosis"),
    message:
        "Taking the error of {wildcards.subject} apart"
    script:
        "../../scripts/diagnosis/judge_diagnosis.py"


rule picture_diagnosis:
    input:
        components=rules.judge_diagnosis.output.components,
        worth=rules.judge_diagnosis.output.worth,
    output:
        "results/diagnosis/{subject}/diagnosis.pdf",
        "results/diagnosis/{subject}/diagnosis.png",
        report(
            "results/diagnosis/{subject}/diagnosis.svg",
            caption="../report/diagnosis.rst",
            category="Diagnosis",
        ),
    log:
        "results/logs/diagnosis/{subject}/picture.log",
    benchmark:
        "results/benchmarks/diagnosis/{subject}/picture.tsv"
    threads: 1
    resources:
        mem_mb=memory("picture_diagnosis"),
        runtime=runtime("picture_diagnosis"),
    params:
        spec=spec("picture_diagnosis"),
    message:
        "Drawing the diagnosis of {wildcards.subject}"
    script:
        "../../scripts/diagnosis/picture_diagnosis.py"
