"""Lists of one run's towers, at every size, for their number of components."""

import pandas as pd

from twotower.base import files, tensors
from twotower.data import targets
from twotower.evaluation import component_lists
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    rows = []
    for (first, last), fits in zip(spec["blocks"], snakemake.input.fits, strict=True):
        drawn = {r: targets.draw_target(spec["seed"], spec["data"], r) for r in range(first, last)}
        rows += component_lists.of_towers(tensors.read(fits), spec, drawn)
    found = pd.DataFrame(rows).sort_values(["n_ratings", "replicate", "k"], kind="stable")
    files.write_csv(found[component_lists.FIT_COLUMNS], snakemake.output.lists)
