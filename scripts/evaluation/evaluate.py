"""Risks of one run (towers or reference) on users and items that were not paired."""

import pandas as pd

from twotower.base import files, tensors
from twotower.data import groups
from twotower.evaluation import click_risks
from twotower.evaluation.risks import COLUMNS
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    if spec["reference"]:
        from twotower.evaluation.reference_risks import reference_risks as measure
    else:
        from twotower.evaluation.tower_risks import tower_risks as measure
    frames = []
    for (first, last), fits in zip(spec["blocks"], snakemake.input.fits, strict=True):
        test = tensors.read(snakemake.input.test, slice(first, last))
        if click_risks.is_of_clicks(test):
            measure = click_risks.click_risks
        for row in measure(tensors.read(fits), test):
            frames.append(pd.DataFrame(row | {"replicate": range(first, first + len(row["risk"]))}))
    risks = pd.concat(frames).sort_values(["n_ratings", "start", "replicate"], kind="stable")
    present = [name for name in (*groups.GROUPS, *click_risks.COLUMNS) if name in risks]
    files.write_csv(risks[[*COLUMNS, *present]], snakemake.output.risks)
