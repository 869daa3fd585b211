# Risks: the squared distance of every fit to the truth, on fresh users and items.


rule evaluate:
    input:
        unpack(inputs("evaluate")),
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
        spec=spec("evaluate"),
    message:
        "Measuring risks, fit {wildcards.fit}"
    script:
        "../../scripts/evaluation/evaluate.py"
