"""The primary endpoint: measured on predicted slopes of the confirmatory cells."""

import pandas as pd

from twotower.analyses import meta_regression
from twotower.base import files
from twotower.records import job_records
from twotower.study import decisions

with job_records.job(snakemake):
    rates = pd.read_csv(snakemake.input.rates)
    rules = decisions.load(snakemake.input.decisions)
    files.write_csv(meta_regression.regression(rates, rules), snakemake.output.table)
