"""The primary endpoint: measured on predicted slopes of the confirmatory cells."""

import pandas as pd

from twotower import decisions, files, meta, records

with records.job(snakemake):
    rates = pd.read_csv(snakemake.input.rates)
    rules = decisions.load(snakemake.input.decisions)
    files.write_csv(meta.regression(rates, rules), snakemake.output.table)
