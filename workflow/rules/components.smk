# Components: how many of them embeddings need for good lists.


rule best_components:
    output:
        lists="results/components/best.csv",
    log:
        "results/logs/best_components.log",
    benchmark:
        "results/benchmarks/best_components.tsv"
    threads: 1
    resources:
        mem_mb=memory("best_components"),
        runtime=runtime("best_components"),
    params:
        spec=spec("best_components"),
    message:
        "Finding the best embeddings of each number of components"
    script:
        "../../scripts/evaluation/find_best_components.py"


rule list_components:
    input:
        unpack(inputs("list_components")),
    output:
        lists="results/components/{fit}.csv",
    log:
        "results/logs/list_components/{fit}.log",
    benchmark:
        "results/benchmarks/list_components/{fit}.tsv"
    threads: 1
    resources:
        mem_mb=memory("list_components"),
        runtime=runtime("list_components"),
    params:
        spec=spec("list_components"),
    message:
        "Judging lists of towers by their components, fit {wildcards.fit}"
    script:
        "../../scripts/evaluation/list_components.py"


rule components_table:
    input:
        unpack(inputs("components_table")),
    output:
        table="results/tables/components.csv",
        needed="results/tables/components_needed.csv",
    log:
        "results/logs/components_table.log",
    benchmark:
        "results/benchmarks/components_table.tsv"
    threads: 1
    resources:
        mem_mb=memory("components_table"),
        runtime=runtime("components_table"),
    params:
        spec=spec("components_table"),
    message:
        "Comparing lists by the number of components"
    script:
        "../../scripts/analyses/compare_components.py"
