"""Regret of two stages, split into what retrieval and what ranking loses, for one run's towers."""

import pandas as pd

from twotower.base import files, tensors
from twotower.data import targets
from twotower.records import job_records
from twotower.retrieval import ranker_pairs, two_stages

with job_records.job(snakemake) as spec:
    rows = []
    for (first, last), fits in zip(spec["blocks"], snakemake.input.fits, strict=True):
        used = slice(first, min(last, spec["targets"]))
        replicates = range(used.start, used.stop)
        if not replicates:
            continue
        drawn = {r: targets.draw_target(spec["seed"], spec["data"], r) for r in replicates}
        data = tensors.read(snakemake.input.ratings, used)
        known = {name: data[name] for name in ranker_pairs.columns(spec["data"])}
        rows += two_stages.measured(tensors.read(fits), known, spec, drawn)
        print(f"replicates {first} to {used.stop - 1}: {len(rows)} rows", flush=True)
    keys = ["n_ratings", "replicate"]
    found = pd.DataFrame(rows, columns=two_stages.COLUMNS).sort_values(keys, kind="stable")
    files.write_csv(found, snakemake.output.splits)
