# Rankings: how good the lists are that fits make of fresh items for fresh users.


rule rank:
    input:
        unpack(inputs("rank")),
    output:
        ranking="results/ranking/{fit}.csv",
    log:
        "results/logs/rank/{fit}.log",
    benchmark:
        "results/benchmarks/rank/{fit}.tsv"
    threads: 1
    resources:
        mem_mb=memory("rank"),
        runtime=runtime("rank"),
    params:
        spec=spec("rank"),
    message:
        "Ranking fresh items for fresh users, fit {wildcards.fit}"
    script:
        "../../scripts/evaluation/rank.py"


rule ranking_table:
    input:
        unpack(inputs("ranking_table")),
    output:
        table="results/tables/ranking.csv",
        curves="results/tables/ranking_curves.csv",
    log:
        "results/logs/ranking_table.log",
    benchmark:
        "results/benchmarks/ranking_table.tsv"
    threads: 1
    resources:
        mem_mb=memory("ranking_table"),
        runtime=runtime("ranking_table"),
    params:
        spec=spec("ranking_table"),
    message:
        "Fitting how fast rankings get better"
    script:
        "../../scripts/analyses/table_ranking.py"
