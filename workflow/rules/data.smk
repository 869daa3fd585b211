# Data with known truth: one job per setting of target, noise and support.


rule generate_data:
    output:
        targets="results/data/{data}/targets.safetensors",
        ratings="results/data/{data}/ratings.safetensors",
        certificate="results/data/{data}/certificate.csv",
    log:
        "results/logs/generate_data/{data}.log",
    benchmark:
        "results/benchmarks/generate_data/{data}.tsv"
    threads: 1
    resources:
        mem_mb=memory("generate_data"),
        runtime=runtime("generate_data"),
    params:
        spec=spec("generate_data"),
    message:
        "Drawing targets and ratings, data set {wildcards.data}"
    script:
        "../../scripts/data/generate_data.py"


rule generate_test_pairs:
    output:
        test="results/data/{data}/test.safetensors",
    log:
        "results/logs/generate_test_pairs/{data}.log",
    benchmark:
        "results/benchmarks/generate_test_pairs/{data}.tsv"
    threads: 1
    resources:
        mem_mb=memory("generate_test_pairs"),
        runtime=runtime("generate_test_pairs"),
    params:
        spec=spec("generate_test_pairs"),
    message:
        "Drawing fresh users and items, data set {wildcards.data}"
    script:
        "../../scripts/data/generate_test_pairs.py"
