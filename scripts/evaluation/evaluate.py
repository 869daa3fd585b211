"""Risks of one run (towers or reference) on users and items that were not paired."""

import pandas as pd

from twotower.base import files, tensors
from twotower.data import groups
from twotower.evaluation import risks as evaluation_risks
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    measure = (
        evaluation_risks.reference_risks if spec["reference"] else evaluation_risks.tower_risks
    )
    frames = []
    for (first, last), fits in zip(spec["blocks"], snakemake.input.fits, strict=True):
        test = tensors.read(snakemake.input.test, slice(first, last))
        for row in measure(tensors.read(fits), test):
            frames.append(pd.DataFrame(row | {"replicate": range(first, last)}))
    risks = pd.concat(frames).sort_values(["n_ratings", "start", "replicate"], kind="stable")
    present = [name for name in groups.GROUPS if name in risks]
    files.write_csv(risks[[*evaluation_risks.COLUMNS, *present]], snakemake.output.risks)
