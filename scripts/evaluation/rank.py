"""Ranking metrics of one run (towers or reference) on fresh users and items."""

import pandas as pd

from twotower.base import files, tensors
from twotower.data import targets
from twotower.evaluation import rankings
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    rows = []
    for (first, last), fits in zip(spec["blocks"], snakemake.input.fits, strict=True):
        drawn = {r: targets.draw_target(spec["seed"], spec["data"], r) for r in range(first, last)}
        rows += rankings.rankings(tensors.read(fits), spec, drawn, spec["reference"])
    found = pd.DataFrame(rows).sort_values(["n_ratings", "replicate"], kind="stable")
    files.write_csv(found[rankings.COLUMNS], snakemake.output.ranking)
