# What a reader sees: figures and tables.

FIGURES = ["learning_curves", "slope_comparison", "plain_training_cost"]


rule figures:
    input:
        risks=rules.fit_rates.output.risks,
        rates=rules.fit_rates.output.rates,
        curves=rules.fit_rates.output.curves,
    output:
        expand("results/figures/{figure}.{format}", figure=FIGURES, format=["pdf", "png"]),
        [
            report(
                f"results/figures/{figure}.svg",
                caption=f"../report/{figure}.rst",
                category="Figures",
            )
            for figure in FIGURES
        ],
    log:
        "results/logs/figures.log",
    benchmark:
        "results/benchmarks/figures.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        spec=spec("draw_figures.py", figures=FIGURES),
    message:
        "Drawing figures"
    script:
        "../../scripts/draw_figures.py"


rule tables:
    input:
        risks=rules.fit_rates.output.risks,
        rates=rules.fit_rates.output.rates,
        certificates=expand("results/data/{data}/certificate.csv", data=DATA),
        losses=expand("results/runs/{run}/{block}.losses.csv", run=RUNS, block=range(len(BLOCKS))),
    output:
        rates=report("results/tables/rates.csv", caption="../report/rates.rst", category="Tables"),
        tex="results/tables/rates.tex",
        markdown="results/tables/rates.md",
        risks="results/tables/risks.csv",
        certificates="results/tables/certificates.csv",
        losses="results/tables/losses.csv",
    log:
        "results/logs/tables.log",
    benchmark:
        "results/benchmarks/tables.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        spec=spec(
            "write_tables.py",
            data=list(DATA),
            runs=[{"run": run, "arm": RUNS[run].arm} for run in RUNS for _ in BLOCKS],
        ),
    message:
        "Writing tables"
    script:
        "../../scripts/write_tables.py"
