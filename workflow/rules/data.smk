# Data with known truth: one job per setting of target, noise and support.


rule generate_data:
    output:
        targets="results/data/{data}/targets.safetensors",
        ratings="results/data/{data}/ratings.safetensors",
        test="results/data/{data}/test.safetensors",
        certificate="results/data/{data}/certificate.csv",
    log:
        "results/logs/generate_data/{data}.log",
    benchmark:
        "results/benchmarks/generate_data/{data}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        spec=lambda wildcards: spec(
            "generate_data.py",
            seed=STUDY.seed,
            data=DATA[wildcards.data],
            replicates=STUDY.replicates,
            n_ratings=max(STUDY.sample_sizes),
            test_pairs=STUDY.test_pairs,
        ),
    message:
        "Drawing targets and ratings, data set {wildcards.data}"
    script:
        "../../scripts/generate_data.py"
