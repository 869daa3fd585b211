"""Lists by the number of components, and the number that each recall needs."""

import pandas as pd

from twotower.analyses import components
from twotower.base import files
from twotower.records import job_records
from twotower.study import decisions

with job_records.job(snakemake) as spec:
    paths, output = snakemake.input, snakemake.output
    found = components.components(
        pd.read_csv(paths.best_lists),
        [pd.read_csv(path) for path in paths.component_lists],
        spec,
        decisions.load(paths.decisions).thresholds.confidence,
    )
    files.write_csv(found.lists, output.table)
    files.write_csv(found.needed, output.needed)
