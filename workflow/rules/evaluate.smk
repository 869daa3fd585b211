# Risks: the squared distance of every fit to the truth, on fresh users and items.


rule evaluate:
    input:
        fits=fits_of,
        test=lambda wildcards: f"results/data/{data_of(wildcards.fit)}/test.safetensors",
    output:
        risks="results/risks/{fit}.csv",
    log:
        "results/logs/evaluate/{fit}.log",
    benchmark:
        "results/benchmarks/evaluate/{fit}.tsv"
    threads: 1
    resources:
        mem_mb=memory("evaluate"),
        runtime=runtime("evaluate"),
    params:
        spec=lambda wildcards: spec(
            "evaluation/evaluate.py",
            reference=wildcards.fit not in RUNS,
            blocks=[list(block) for block in BLOCKS],
        ),
    message:
        "Measuring risks, fit {wildcards.fit}"
    script:
        "../../scripts/evaluation/evaluate.py"
