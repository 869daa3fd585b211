"""The rates of all experiments, one row per cell and arm, with Holm's correction."""

import pandas as pd

from twotower.analyses import meta_regression
from twotower.base import files
from twotower.records import job_records

with job_records.job(snakemake):
    tables = [pd.read_csv(path) for path in snakemake.input.rates]
    files.write_csv(meta_regression.combine(tables), snakemake.output.rates)
