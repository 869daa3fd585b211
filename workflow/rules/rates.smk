# Rates: slopes, intervals and verdicts, by a fitter that has first passed planted curves.


rule index:
    output:
        index="results/index.csv",
    log:
        "results/logs/index.log",
    benchmark:
        "results/benchmarks/index.tsv"
    threads: 1
    resources:
        mem_mb=memory("index"),
        runtime=runtime("index"),
    params:
        spec=spec(
            "rates/write_index.py",
            runs=[
                {"study": STUDY.name, "run": run_id, "arm": run.arm}
                | run.cell.columns()
                | {"cell_settings": run.cell.spec, "arm_settings": run.settings}
                for run_id, run in RUNS.items()
            ],
        ),
    message:
        "Writing the index of runs"
    script:
        "../../scripts/rates/write_index.py"


rule check_fitter:
    input:
        decisions=DECISIONS,
    output:
        table="results/rates/planted.csv",
    log:
        "results/logs/check_fitter.log",
    benchmark:
        "results/benchmarks/check_fitter.tsv"
    threads: 1
    resources:
        mem_mb=memory("check_fitter"),
        runtime=runtime("check_fitter"),
    params:
        spec=spec("rates/check_fitter.py"),
    message:
        "Checking the rate fitter on planted curves"
    script:
        "../../scripts/rates/check_fitter.py"


rule fit_rates:
    input:
        risks=lambda wildcards: [path for path, _, _ in RATE_INPUTS[wildcards.experiment]],
        predictions=lambda wildcards: [
            f"results/predictions/{fit}.csv"
            for _, _, fit in RATE_INPUTS[wildcards.experiment]
            if fit
        ],
        targets=lambda wildcards: [
            f"results/data/{data}/targets.safetensors" for data, _ in FLOORED[wildcards.experiment]
        ],
        planted=rules.check_fitter.output.table,
        decisions=DECISIONS,
    output:
        risks="results/rates/{experiment}/risks.csv",
        rates="results/rates/{experiment}/rates.csv",
        curves="results/rates/{experiment}/curves.csv",
    log:
        "results/logs/fit_rates/{experiment}.log",
    benchmark:
        "results/benchmarks/fit_rates/{experiment}.tsv"
    threads: 1
    resources:
        mem_mb=memory("fit_rates"),
        runtime=runtime("fit_rates"),
    params:
        spec=lambda wildcards: spec(
            "rates/fit_rates.py",
            experiment=wildcards.experiment,
            axis=STUDY.experiments[wildcards.experiment].axis,
            runs=[columns for _, columns, _ in RATE_INPUTS[wildcards.experiment]],
            predicted=[bool(fit) for _, _, fit in RATE_INPUTS[wildcards.experiment]],
            floored=FLOORED[wildcards.experiment],
        ),
    message:
        "Fitting rates and judging them, experiment {wildcards.experiment}"
    script:
        "../../scripts/rates/fit_rates.py"


rule combine_rates:
    input:
        rates=expand("results/rates/{experiment}/rates.csv", experiment=ON_RATINGS),
        decisions=DECISIONS,
    output:
        rates=report("results/tables/rates.csv", caption="../report/rates.rst", category="Tables"),
    log:
        "results/logs/combine_rates.log",
    benchmark:
        "results/benchmarks/combine_rates.tsv"
    threads: 1
    resources:
        mem_mb=memory("combine_rates"),
        runtime=runtime("combine_rates"),
    params:
        spec=spec("rates/combine_rates.py"),
    message:
        "Joining the rates of all experiments"
    script:
        "../../scripts/rates/combine_rates.py"
