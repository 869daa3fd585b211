# Real ratings: `snakemake movielens --config movielens=PATH`, and `yelp` likewise. The Snakefile
# includes these rules only where a place is given, so that a study's own plan never holds them.

REAL_FITS = [(part, method) for part in real_options.PARTS for method in REAL.methods]


rule download_real:
    output:
        archive="results/real/{source}/download.zip",
    log:
        "results/logs/real/{source}/download.log",
    benchmark:
        "results/benchmarks/real/{source}/download.tsv"
    wildcard_constraints:
        source="movielens",
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        spec=lambda wildcards: spec(
            "real/download_real.py", address=REAL.places[wildcards.source], sha256=REAL.sha256
        ),
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
        source="movielens|yelp",
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        spec=lambda wildcards: spec(
            "real/load_real.py",
            seed=STUDY.seed,
            source=wildcards.source,
            splits=REAL.splits,
            reviews=REAL.reviews if wildcards.source == "yelp" else None,
        ),
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
        source="movielens|yelp",
        part="|".join(real_options.PARTS),
        method="|".join(real_options.METHODS),
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        spec=lambda wildcards: spec(
            "real/fit_real.py",
            seed=STUDY.seed,
            kinds=real_options.PARTS[wildcards.part],
            method=wildcards.method,
            splits=REAL.splits,
            budget=REAL.budget,
        ),
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
            for part, method in REAL_FITS
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
        source="movielens|yelp",
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        spec=lambda wildcards: spec(
            "real/score_real.py", seed=STUDY.seed, methods=[method for _, method in REAL_FITS]
        ),
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
        source="movielens|yelp",
        figure="|".join(real_options.FIGURES),
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=lambda wildcards: spec("real/draw_real.py", figure=wildcards.figure),
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
