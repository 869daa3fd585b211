"""Risks of the joint regressor of one data set: all sample sizes, all replicates."""

import numpy as np
import pandas as pd

from twotower import evaluation, files, neighbours, records, tensors

with records.job(snakemake) as spec:
    train, test = tensors.read(snakemake.input.ratings), tensors.read(snakemake.input.test)
    rows = []
    for replicate, ratings in enumerate(train["ratings"]):
        names = ("user_covariates", "item_covariates")
        pairs, fresh = (
            neighbours.joined(*(d[name][replicate] for name in names)) for d in (train, test)
        )
        for n in spec["sample_sizes"]:
            count = neighbours.chosen_neighbours(pairs[:n], ratings[:n], spec["most_neighbours"])
            predicted = neighbours.predictions(pairs[:n], ratings[:n], count, fresh)
            bound = np.abs(ratings[:n]).max(keepdims=True)
            found = evaluation.risk(predicted[None], bound, test["signal"][replicate][None])
            measured = {name: value[0] for name, value in found.items()}
            key = {"n_ratings": n, "start": "used", "replicate": replicate, "width": count}
            rows.append(key | measured | {"seen_risk": np.nan})
            print(f"replicate {replicate}, n = {n}: k = {count}", flush=True)
    risks = pd.DataFrame(rows).sort_values(["n_ratings", "replicate"], kind="stable")
    files.write_csv(risks, snakemake.output.risks)
