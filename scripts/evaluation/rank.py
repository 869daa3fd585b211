"""Ranking metrics of one run (towers or reference) on fresh users and items."""

import pandas as pd

from twotower import files, ranked, records, targets, tensors

with records.job(snakemake) as spec:
    rows = []
    for (first, last), fits in zip(spec["blocks"], snakemake.input.fits, strict=True):
        drawn = {r: targets.draw_target(spec["seed"], spec["data"], r) for r in range(first, last)}
        rows += ranked.rankings(tensors.read(fits), spec, drawn, spec["reference"])
    found = pd.DataFrame(rows).sort_values(["n_ratings", "replicate"], kind="stable")
    files.write_csv(found[ranked.COLUMNS], snakemake.output.ranking)
