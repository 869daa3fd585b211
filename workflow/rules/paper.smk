# What a reader sees: figures, tables, and the ledger of claims.


rule draw_experiment:
    input:
        rates="results/rates/{experiment}/rates.csv",
        curves="results/rates/{experiment}/curves.csv",
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
        spec=lambda wildcards: spec(
            "report/draw_experiment.py",
            experiment=wildcards.experiment,
            title=STUDY.title(wildcards.experiment),
        ),
    message:
        "Drawing experiment {wildcards.experiment}"
    script:
        "../../scripts/report/draw_experiment.py"


rule draw_figure:
    input:
        unpack(figure_inputs),
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
        figure="|".join(FIGURES),
    threads: 1
    resources:
        mem_mb=memory("draw_figure"),
        runtime=runtime("draw_figure"),
    params:
        spec=lambda wildcards: spec("report/draw_figures.py", figures=[wildcards.figure]),
    message:
        "Drawing figure {wildcards.figure}"
    script:
        "../../scripts/report/draw_figures.py"


rule claims:
    input:
        **{table: f"results/tables/{table}.csv" for table in ANALYSES},
        rates=rules.combine_rates.output.rates,
        approximation=expand("results/rates/{experiment}/rates.csv", experiment=ON_UNITS),
        decisions=DECISIONS,
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
        spec=spec("claims/write_claims.py", study=STUDY_PLACE),
    message:
        "Judging the claims"
    script:
        "../../scripts/claims/write_claims.py"


rule tables:
    # Paths, not rules.….output: beside that Snakemake hashes a list once for each file in it.
    input:
        rates="results/tables/rates.csv",
        claims="results/tables/claims.csv",
        levels="results/tables/levels.csv",
        certificates=expand("results/data/{data}/certificate.csv", data=DATA),
        losses=expand(
            "results/runs/{run}/{block}.losses.csv", run=TOWER_RUNS, block=range(len(BLOCKS))
        ),
        decisions=DECISIONS,
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
        spec=spec(
            "report/write_tables.py",
            data=list(DATA),
            runs=[{"run": run, "arm": RUNS[run].arm} for run in TOWER_RUNS for _ in BLOCKS],
        ),
    message:
        "Writing tables"
    script:
        "../../scripts/report/write_tables.py"
