"""Risks of one run (towers or reference) on users and items that were not paired."""

import pandas as pd

from twotower import evaluation, files, groups, records, tensors

with records.job(snakemake) as spec:
    measure = evaluation.reference_risks if spec["reference"] else evaluation.tower_risks
    frames = []
    for (first, last), fits in zip(spec["blocks"], snakemake.input.fits, strict=True):
        test = tensors.read(snakemake.input.test, slice(first, last))
        for row in measure(tensors.read(fits), test):
            frames.append(pd.DataFrame(row | {"replicate": range(first, last)}))
    risks = pd.concat(frames).sort_values(["n_ratings", "start", "replicate"], kind="stable")
    present = [name for name in groups.GROUPS if name in risks]
    files.write_csv(risks[[*evaluation.COLUMNS, *present]], snakemake.output.risks)
