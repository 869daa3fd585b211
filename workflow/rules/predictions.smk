# Predictions in absolute terms: from the study's settings and the targets drawn, before any rating.


rule predict:
    output:
        predictions="results/predictions/{fit}.csv",
    log:
        "results/logs/predict/{fit}.log",
    benchmark:
        "results/benchmarks/predict/{fit}.tsv"
    priority: 1  # before what they are about
    threads: 1
    resources:
        mem_mb=memory("predict"),
        runtime=runtime("predict"),
    params:
        spec=spec("predict"),
    message:
        "Predicting risks, fit {wildcards.fit}"
    script:
        "../../scripts/predictions/predict.py"


rule predictions:
    input:
        unpack(inputs("predictions")),
    output:
        table="results/tables/predictions.csv",
    log:
        "results/logs/predictions.log",
    benchmark:
        "results/benchmarks/predictions.tsv"
    threads: 1
    resources:
        mem_mb=memory("predictions"),
        runtime=runtime("predictions"),
    params:
        spec=spec("predictions"),
    message:
        "Joining the predictions of all fits"
    script:
        "../../scripts/predictions/combine_predictions.py"
