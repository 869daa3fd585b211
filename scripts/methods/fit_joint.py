"""Risks of the joint regressor of one data set: all sample sizes, all replicates."""

import numpy as np
import pandas as pd

from twotower.base import files, tensors
from twotower.evaluation.risks import method_risks
from twotower.methods import joint
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    train, test = tensors.read(snakemake.input.ratings), tensors.read(snakemake.input.test)
    rows = []
    for replicate, ratings in enumerate(train["ratings"]):
        names = ("user_covariates", "item_covariates")
        pairs = joint.joined(*(train[name][replicate] for name in names))
        for n in spec["sample_sizes"]:
            count = joint.chosen_neighbours(pairs[:n], ratings[:n], spec["most_neighbours"])
            measured = method_risks(
                joint.predictor(pairs[:n], ratings[:n], count),
                *(test, replicate, n, np.abs(ratings[:n]).max()),
            )
            key = {"n_ratings": n, "start": "used", "replicate": replicate, "width": count}
            rows.append(key | measured)
            print(f"replicate {replicate}, n = {n}: k = {count}", flush=True)
    risks = pd.DataFrame(rows).sort_values(["n_ratings", "replicate"], kind="stable")
    files.write_csv(risks, snakemake.output.risks)
