"""Risks of another method than towers on one data set: all sample sizes, all replicates."""

import json

import numpy as np
import pandas as pd

from twotower.base import files, seeds, tensors
from twotower.data import sampling
from twotower.evaluation import risks
from twotower.methods import comparators
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    train, test = tensors.read(snakemake.input.ratings), tensors.read(snakemake.input.test)
    seed, data, sizes = spec["seed"], spec["data"], spec["sample_sizes"]
    rows, chosen = [], []
    for replicate, ratings in enumerate(train["ratings"]):
        numbers = sampling.numbers(seed, data, replicate, max(sizes))
        covariates = (train[f"{tower}_covariates"][replicate] for tower in ("user", "item"))
        pairs = comparators.Pairs(*numbers, *(side[: max(sizes)] for side in covariates))
        for n in sizes:
            # one key for all methods: they hold out the same ratings
            rng = seeds.generator(seed, data, f"comparators_{n}", replicate)
            method = (spec["arm"], pairs.take(slice(0, n)), ratings[:n], spec["budget"], rng)
            fitted = comparators.tuned(*method)
            bound = np.abs(ratings[:n]).max()
            key = {"n_ratings": n, "start": "used", "replicate": replicate, "width": 0}
            rows.append(key | risks.method_risks(fitted.predict, test, replicate, n, bound))
            text = json.dumps(fitted.settings)
            found = {"settings": text, "held_out_error": fitted.held_out_error}
            chosen.append({"n_ratings": n, "replicate": replicate} | found)
            print(f"replicate {replicate}, n = {n}: {text}", flush=True)
    for table, path in ((rows, snakemake.output.risks), (chosen, snakemake.output.settings)):
        frame = pd.DataFrame(table).sort_values(["n_ratings", "replicate"], kind="stable")
        files.write_csv(frame, path)
