"""Risks split into approximation, estimation and optimization error."""

import pandas as pd

from twotower import budget, files, records

with records.job(snakemake):
    risks = [pd.read_csv(path) for path in snakemake.input.risks]
    rates = pd.read_csv(snakemake.input.rates)
    files.write_csv(budget.error_budget(risks, rates), snakemake.output.table)
