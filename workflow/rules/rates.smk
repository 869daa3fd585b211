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
        spec=spec("index"),
    message:
        "Writing the index of runs"
    script:
        "../../scripts/rates/write_index.py"


rule check_fitter:
    input:
        unpack(inputs("check_fitter")),
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
        spec=spec("check_fitter"),
    message:
        "Checking the rate fitter on planted curves"
    script:
        "../../scripts/rates/check_fitter.py"


rule fit_rates:
    input:
        unpack(inputs("fit_rates")),
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
        spec=spec("fit_rates"),
    message:
        "Fitting rates and judging them, experiment {wildcards.experiment}"
    script:
        "../../scripts/rates/fit_rates.py"


rule combine_rates:
    input:
        unpack(inputs("combine_rates")),
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
        spec=spec("combine_rates"),
    message:
        "Joining the rates of all experiments"
    script:
        "../../scripts/rates/combine_rates.py"
