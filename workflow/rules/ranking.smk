# Rankings: how good the lists are that fits make of fresh items for fresh users.


rule rank:
    input:
        fits=fits_of,
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
        spec=lambda wildcards: spec(
            "evaluation/rank.py",
            seed=STUDY.seed,
            data=DATA[data_of(wildcards.fit)],
            reference=wildcards.fit not in RUNS,
            blocks=[list(block) for block in BLOCKS],
            **STUDY.ranking.model_dump(),
        ),
    message:
        "Ranking fresh items for fresh users, fit {wildcards.fit}"
    script:
        "../../scripts/evaluation/rank.py"


rule ranking_table:
    # Paths, not rules.….output: beside that Snakemake hashes a list once for each file in it.
    input:
        rankings=[f"results/ranking/{fit}.csv" for fit, _ in RANKED],
        risks=EXPERIMENT_RISKS,
        rates="results/tables/rates.csv",
        decisions=DECISIONS,
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
        spec=lambda wildcards: spec(
            "analyses/table_ranking.py",
            runs=[named for _, named in RANKED],
            shape=STUDY.ranking.model_dump(),
        ),
    message:
        "Fitting how fast rankings get better"
    script:
        "../../scripts/analyses/table_ranking.py"
