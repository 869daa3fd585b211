# Two stages: towers retrieve, a ranker orders; what does each lose?


rule split_regret:
    input:
        unpack(inputs("split_regret")),
    output:
        splits="results/two_stages/{fit}.csv",
    log:
        "results/logs/split_regret/{fit}.log",
    benchmark:
        "results/benchmarks/split_regret/{fit}.tsv"
    threads: 1
    resources:
        mem_mb=memory("split_regret"),
        runtime=runtime("split_regret"),
    params:
        spec=spec("split_regret"),
    message:
        "Splitting the regret of two stages, fit {wildcards.fit}"
    script:
        "../../scripts/evaluation/split_regret.py"


rule two_stages_table:
    input:
        unpack(inputs("two_stages_table")),
    output:
        table="results/tables/two_stages.csv",
    log:
        "results/logs/two_stages_table.log",
    benchmark:
        "results/benchmarks/two_stages_table.tsv"
    threads: 1
    resources:
        mem_mb=memory("two_stages_table"),
        runtime=runtime("two_stages_table"),
    params:
        spec=spec("two_stages_table"),
    message:
        "Comparing what retrieval and ranking lose"
    script:
        "../../scripts/analyses/compare_stages.py"
