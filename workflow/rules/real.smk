# Real ratings: `snakemake movielens --config movielens=PATH`, and other sources likewise. The Snakefile
# includes these rules only where a place is given, so that a study's own plan never holds them.


rule download_real:
    output:
        archive="results/real/{source}/download.zip",
    log:
        "results/logs/real/{source}/download.log",
    benchmark:
        "results/benchmarks/real/{source}/download.tsv"
    wildcard_constraints:
        source="|".join(real_options.PACKED),
    threads: 1
    resources:
        mem_mb=memory("download_real"),
        runtime=runtime("download_real"),
    params:
        spec=spec("download_real"),
    message:
        "Fetching {wildcards.source}"
    script:
        "../../scripts/real/download_real.py"


rule load_real:
    input:
        real_inputs,
    output:
        data="results/real/{source}/data.safetensors",
        facts="results/real/{source}/data.csv",
    log:
        "results/logs/real/{source}/load.log",
    benchmark:
        "results/benchmarks/real/{source}/load.tsv"
    wildcard_constraints:
        source="|".join(real_options.SOURCES),
    threads: 1
    resources:
        mem_mb=memory("load_real"),
        runtime=runtime("load_real"),
    params:
        spec=spec("load_real"),
    message:
        "Reading and checking the ratings of {wildcards.source}"
    script:
        "../../scripts/real/load_real.py"


rule fit_real:
    input:
        data=rules.load_real.output.data,
    output:
        predictions="results/real/{source}/fits/{part}/{method}.safetensors",
        chosen="results/real/{source}/fits/{part}/{method}.csv",
    log:
        "results/logs/real/{source}/{part}/{method}.log",
    benchmark:
        "results/benchmarks/real/{source}/{part}/{method}.tsv"
    wildcard_constraints:
        source="|".join(real_options.SOURCES),
        part="|".join(real_options.PARTS),
        method="|".join(real_options.METHODS),
    threads: 1
    resources:
        mem_mb=memory("fit_real"),
        runtime=runtime("fit_real"),
    params:
        spec=spec("fit_real"),
    message:
        "Fitting {wildcards.method} to {wildcards.source}, splits: {wildcards.part}"
    script:
        "../../scripts/real/fit_real.py"


rule score_real:
    input:
        data=rules.load_real.output.data,
        facts=rules.load_real.output.facts,
        predictions=[
            f"results/real/{{source}}/fits/{part}/{method}.safetensors"
            for part, method in real_options.fits(REAL)
        ],
    output:
        scores="results/real/{source}/scores.csv",
        summary="results/real/{source}/summary.csv",
        dimensions="results/real/{source}/dimensions.csv",
        slopes="results/real/{source}/slopes.csv",
        compared="results/real/{source}/compared.csv",
        methods_md="results/real/{source}/methods.md",
        cold_md="results/real/{source}/cold.md",
        slopes_md="results/real/{source}/slopes.md",
        compared_md="results/real/{source}/compared.md",
    log:
        "results/logs/real/{source}/score.log",
    benchmark:
        "results/benchmarks/real/{source}/score.tsv"
    wildcard_constraints:
        source="|".join(real_options.SOURCES),
    threads: 1
    resources:
        mem_mb=memory("score_real"),
        runtime=runtime("score_real"),
    params:
        spec=spec("score_real"),
    message:
        "Scoring all methods on {wildcards.source}"
    script:
        "../../scripts/real/score_real.py"


rule draw_real:
    input:
        summary=rules.score_real.output.summary,
        slopes=rules.score_real.output.slopes,
    output:
        "results/real/{source}/{figure}.pdf",
        "results/real/{source}/{figure}.png",
        report(
            "results/real/{source}/{figure}.svg",
            caption="../report/real.rst",
            category="Real ratings",
        ),
    log:
        "results/logs/real/{source}/{figure}.log",
    benchmark:
        "results/benchmarks/real/{source}/{figure}.tsv"
    wildcard_constraints:
        source="|".join(real_options.SOURCES),
        figure="|".join(real_options.FIGURES),
    threads: 1
    resources:
        mem_mb=memory("draw_real"),
        runtime=runtime("draw_real"),
    params:
        spec=spec("draw_real"),
    message:
        "Drawing {wildcards.figure} of {wildcards.source}"
    script:
        "../../scripts/real/draw_real.py"


for source in REAL.places:

    rule:
        name:
            source
        input:
            expand(
                "results/real/{source}/{figure}.{format}",
                source=source,
                figure=real_options.FIGURES,
                format=FORMATS,
            ),
            expand("results/real/{source}/{table}.md", source=source, table=real_options.TABLES),
        localrule: True
