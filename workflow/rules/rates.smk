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
        mem_mb=200,
        runtime=5,
    params:
        spec=spec(
            "write_index.py",
            runs=[
                {"study": STUDY.name, "run": run_id, "data": run.cell.data_id, "arm": run.arm}
                | run.cell.columns()
                | {"cell_settings": run.cell.spec, "arm_settings": run.settings}
                for run_id, run in RUNS.items()
            ],
        ),
    message:
        "Writing the index of runs"
    script:
        "../../scripts/write_index.py"


rule check_fitter:
    output:
        table="results/rates/planted.csv",
    log:
        "results/logs/check_fitter.log",
    benchmark:
        "results/benchmarks/check_fitter.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        spec=spec("check_fitter.py"),
    message:
        "Checking the rate fitter on planted curves"
    script:
        "../../scripts/check_fitter.py"


rule fit_rates:
    input:
        risks=RATE_INPUTS[0],
        planted=rules.check_fitter.output.table,
    output:
        risks="results/rates/risks.csv",
        rates="results/rates/rates.csv",
        curves="results/rates/curves.csv",
    log:
        "results/logs/fit_rates.log",
    benchmark:
        "results/benchmarks/fit_rates.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        spec=spec("fit_rates.py", runs=RATE_INPUTS[1]),
    message:
        "Fitting rates and judging them"
    script:
        "../../scripts/fit_rates.py"
