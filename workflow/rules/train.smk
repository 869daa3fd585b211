# Estimators: towers per configuration, and the reference estimator on the same ratings.


rule train:
    input:
        unpack(inputs("train")),
    output:
        weights="results/runs/{run}/{block}.safetensors",
        losses="results/runs/{run}/{block}.losses.csv",
        seconds="results/benchmarks/train/{run}-{block}.seconds.csv",
    log:
        "results/logs/train/{run}-{block}.log",
    benchmark:
        "results/benchmarks/train/{run}-{block}.tsv"
    threads: 1
    resources:
        mem_mb=memory("train"),
        runtime=runtime("train"),
        gpu=int(STUDY.training.gpu),
    params:
        spec=spec("train"),
    message:
        "Training towers, run {wildcards.run}, block {wildcards.block}"
    script:
        "../../scripts/towers/train.py"


rule fit_reference:
    input:
        unpack(inputs("fit_reference")),
    output:
        fits="results/references/{data}/{block}.safetensors",
    log:
        "results/logs/fit_reference/{data}-{block}.log",
    benchmark:
        "results/benchmarks/fit_reference/{data}-{block}.tsv"
    threads: 1
    resources:
        mem_mb=memory("fit_reference"),
        runtime=runtime("fit_reference"),
    params:
        spec=spec("fit_reference"),
    message:
        "Fitting the reference estimator, data set {wildcards.data}, block {wildcards.block}"
    script:
        "../../scripts/methods/fit_reference.py"


rule fit_joint:
    input:
        unpack(inputs("fit_joint")),
    output:
        risks="results/risks/joint-{run}.csv",
    log:
        "results/logs/fit_joint/{run}.log",
    benchmark:
        "results/benchmarks/fit_joint/{run}.tsv"
    threads: 1
    resources:
        mem_mb=memory("fit_joint"),
        runtime=runtime("fit_joint"),
    params:
        spec=spec("fit_joint"),
    message:
        "Fitting the joint regressor and measuring its risks, run {wildcards.run}"
    script:
        "../../scripts/methods/fit_joint.py"


rule fit_comparator:
    input:
        unpack(inputs("fit_comparator")),
    output:
        risks="results/risks/comparator-{run}.csv",
        settings="results/comparators/{run}.csv",
    log:
        "results/logs/fit_comparator/{run}.log",
    benchmark:
        "results/benchmarks/fit_comparator/{run}.tsv"
    threads: 1
    resources:
        mem_mb=memory("fit_comparator"),
        runtime=runtime("fit_comparator"),
    params:
        spec=spec("fit_comparator"),
    message:
        "Tuning another method and measuring its risks, run {wildcards.run}"
    script:
        "../../scripts/methods/fit_comparator.py"
