# What limits a recommender: `make diagnose RATINGS=PATH`, or `snakemake diagnose --config
# movielens=PATH diagnose=movielens` (of clicks: clicks=PATH diagnose=clicks). The Snakefile includes these rules only where a diagnosis is
# asked for, so that a study's own plan never holds them.

DIAGNOSED = f"results/diagnosis/{DIAGNOSIS.subject}"
DIAGNOSED_DATA = DIAGNOSIS.data


rule load_diagnosis:
    input:
        clicks_inputs,
    output:
        f"{DIAGNOSED}/clicks.safetensors",
    log:
        f"results/logs/diagnosis/{DIAGNOSIS.subject}/load.log",
    benchmark:
        f"results/benchmarks/diagnosis/{DIAGNOSIS.subject}/load.tsv"
    threads: 1
    resources:
        mem_mb=memory("load_diagnosis"),
        runtime=runtime("load_diagnosis"),
    params:
        spec=spec("load_diagnosis"),
    message:
        "Reading and checking the clicks of {DIAGNOSIS.subject}"
    script:
        "../../scripts/diagnosis/load_diagnosis.py"


rule draw_diagnosis:
    output:
        data=f"{DIAGNOSED}/data.safetensors",
        fresh=f"{DIAGNOSED}/fresh.safetensors",
    log:
        f"results/logs/diagnosis/{DIAGNOSIS.subject}/draw.log",
    benchmark:
        f"results/benchmarks/diagnosis/{DIAGNOSIS.subject}/draw.tsv"
    threads: 1
    resources:
        mem_mb=memory("draw_diagnosis"),
        runtime=runtime("draw_diagnosis"),
    params:
        spec=spec("draw_diagnosis"),
    message:
        "Drawing the {DIAGNOSIS.events} of cell {DIAGNOSIS.subject}"
    script:
        "../../scripts/diagnosis/draw_diagnosis.py"


rule fit_diagnosis:
    input:
        data=DIAGNOSED_DATA,
        fresh=rules.draw_diagnosis.output.fresh if DIAGNOSIS.cell else [],
    output:
        f"{DIAGNOSED}/fits/{{rung}}.safetensors",
    log:
        f"results/logs/diagnosis/{DIAGNOSIS.subject}/{{rung}}.log",
    benchmark:
        f"results/benchmarks/diagnosis/{DIAGNOSIS.subject}/{{rung}}.tsv"
    wildcard_constraints:
        rung="|".join(DIAGNOSIS.rungs),
    threads: 1
    resources:
        mem_mb=memory("fit_diagnosis"),
        runtime=runtime("fit_diagnosis"),
    params:
        spec=spec("fit_diagnosis"),
    message:
        "Fitting {wildcards.rung} for the diagnosis of {DIAGNOSIS.subject}"
    script:
        "../../scripts/diagnosis/fit_diagnosis.py"


rule judge_diagnosis:
    input:
        data=DIAGNOSED_DATA,
        fresh=rules.draw_diagnosis.output.fresh if DIAGNOSIS.cell else [],
        fits=expand(rules.fit_diagnosis.output, rung=DIAGNOSIS.rungs),
    output:
        components=f"{DIAGNOSED}/components.csv",
        worth=f"{DIAGNOSED}/worth.csv",
        groups=f"{DIAGNOSED}/groups.csv",
        rungs=f"{DIAGNOSED}/rungs.csv",
        limits=f"{DIAGNOSED}/limits.csv",
        facts=f"{DIAGNOSED}/facts.csv",
        screen=f"{DIAGNOSED}/screen.txt",
        report=f"{DIAGNOSED}/report.md",
    log:
        f"results/logs/diagnosis/{DIAGNOSIS.subject}/judge.log",
    benchmark:
        f"results/benchmarks/diagnosis/{DIAGNOSIS.subject}/judge.tsv"
    threads: 1
    resources:
        mem_mb=memory("judge_diagnosis"),
        runtime=runtime("judge_diagnosis"),
    params:
        spec=spec("judge_diagnosis"),
    message:
        "Taking the error of {DIAGNOSIS.subject} apart"
    script:
        "../../scripts/diagnosis/judge_diagnosis.py"


rule picture_diagnosis:
    input:
        components=rules.judge_diagnosis.output.components,
        worth=rules.judge_diagnosis.output.worth,
    output:
        f"{DIAGNOSED}/diagnosis.pdf",
        f"{DIAGNOSED}/diagnosis.png",
        report(
            f"{DIAGNOSED}/diagnosis.svg",
            caption="../report/diagnosis.rst",
            category="Diagnosis",
        ),
    log:
        f"results/logs/diagnosis/{DIAGNOSIS.subject}/picture.log",
    benchmark:
        f"results/benchmarks/diagnosis/{DIAGNOSIS.subject}/picture.tsv"
    threads: 1
    resources:
        mem_mb=memory("picture_diagnosis"),
        runtime=runtime("picture_diagnosis"),
    params:
        spec=spec("picture_diagnosis"),
    message:
        "Drawing the diagnosis of {DIAGNOSIS.subject}"
    script:
        "../../scripts/diagnosis/picture_diagnosis.py"
