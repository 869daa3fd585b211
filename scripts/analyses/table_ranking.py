"""Metrics of rankings by size, and how fast they get better beside the risk."""

import pandas as pd

from twotower.analyses import rankings as ranking_rates
from twotower.base import files
from twotower.records import job_records
from twotower.study import decisions


def table(path: str) -> pd.DataFrame:
    """A table as it was written."""
    return pd.read_csv(path)


with job_records.job(snakemake) as spec:
    paths, output = snakemake.input, snakemake.output
    names = [(run["cell"], run["arm"]) for run in spec["runs"]]
    rankings = {name: table(path) for name, path in zip(names, paths.rankings, strict=True)}
    found = ranking_rates.ranking_rates(
        rankings,
        [table(path) for path in paths.risks],
        table(paths.rates),
        spec["shape"],
        decisions.load(paths.decisions),
    )
    files.write_csv(found.rates, output.table)
    files.write_csv(found.curves, output.curves)
