"""Measured over predicted risks of every cell, arm and size."""

import pandas as pd

from twotower.analyses import levels
from twotower.base import files
from twotower.records import job_records

with job_records.job(snakemake):
    curves = [pd.read_csv(path) for path in snakemake.input.curves]
    rates = pd.read_csv(snakemake.input.rates)
    files.write_csv(levels.levels(curves, rates), snakemake.output.table)
