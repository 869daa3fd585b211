# What a reader sees: figures, tables, and the ledger of claims.


rule draw_experiment:
    input:
        unpack(inputs("draw_experiment")),
    output:
        "results/figures/{experiment}.pdf",
        "results/figures/{experiment}.png",
        report(
            "results/figures/{experiment}.svg",
            caption="../report/experiment.rst",
            category="Experiments",
        ),
    log:
        "results/logs/draw_experiment/{experiment}.log",
    benchmark:
        "results/benchmarks/draw_experiment/{experiment}.tsv"
    threads: 1
    resources:
        mem_mb=memory("draw_experiment"),
        runtime=runtime("draw_experiment"),
    params:
        spec=spec("draw_experiment"),
    message:
        "Drawing experiment {wildcards.experiment}"
    script:
        "../../scripts/report/draw_experiment.py"


rule draw_figure:
    input:
        unpack(inputs("draw_figure")),
    output:
        "results/figures/{figure}.pdf",
        "results/figures/{figure}.png",
        report(
            "results/figures/{figure}.svg",
            caption="../report/figure.rst",
            category="Figures",
        ),
    log:
        "results/logs/draw_figure/{figure}.log",
    benchmark:
        "results/benchmarks/draw_figure/{figure}.tsv"
    wildcard_constraints:
        figure="|".join(JOBS.figures),
    threads: 1
    resources:
        mem_mb=memory("draw_figure"),
        runtime=runtime("draw_figure"),
    params:
        spec=spec("draw_figure"),
    message:
        "Drawing figure {wildcards.figure}"
    script:
        "../../scripts/report/draw_figures.py"


rule claims:
    input:
        unpack(inputs("claims")),
    output:
        claims=report(
            "results/tables/claims.csv", caption="../report/claims.rst", category="Claims"
        ),
    log:
        "results/logs/claims.log",
    benchmark:
        "results/benchmarks/claims.tsv"
    threads: 1
    resources:
        mem_mb=memory("claims"),
        runtime=runtime("claims"),
    params:
        spec=spec("claims"),
    message:
        "Judging the claims"
    script:
        "../../scripts/claims/write_claims.py"


rule tables:
    input:
        unpack(inputs("tables")),
    output:
        tex="results/tables/rates.tex",
        markdown="results/tables/rates.md",
        claims_tex="results/tables/claims.tex",
        claims_markdown="results/tables/claims.md",
        claims_html="results/tables/claims.html",
        levels_tex="results/tables/levels.tex",
        levels_markdown="results/tables/levels.md",
        certificates="results/tables/certificates.csv",
        losses="results/tables/losses.csv",
    log:
        "results/logs/tables.log",
    benchmark:
        "results/benchmarks/tables.tsv"
    threads: 1
    resources:
        mem_mb=memory("tables"),
        runtime=runtime("tables"),
    params:
        spec=spec("tables"),
    message:
        "Writing tables"
    script:
        "../../scripts/report/write_tables.py"
