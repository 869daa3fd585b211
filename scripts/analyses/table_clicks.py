"""Laws of clicks and lists by size, floors, and what in-batch candidates cost."""

import pandas as pd

from twotower.analyses import clicks
from twotower.base import files
from twotower.records import job_records
from twotower.study.rules import click_decisions

with job_records.job(snakemake) as spec:
    paths, output = snakemake.input, snakemake.output
    tables = [map(pd.read_csv, each) for each in (paths.click_risks, paths.click_predictions)]
    found = clicks.click_rates(
        list(zip(spec["runs"], *tables, strict=True)),
        pd.read_csv(paths.rates),
        click_decisions.load(paths.click_decisions).thresholds.confidence,
    )
    files.write_csv(found.rates, output.table)
    files.write_csv(found.curves, output.curves)
