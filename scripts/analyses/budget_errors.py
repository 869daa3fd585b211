"""Risks split into approximation, estimation and optimization error."""

import pandas as pd

from twotower.analyses import error_budget
from twotower.base import files
from twotower.records import job_records

with job_records.job(snakemake):
    risks = [pd.read_csv(path) for path in snakemake.input.risks]
    rates = pd.read_csv(snakemake.input.rates)
    files.write_csv(error_budget.error_budget(risks, rates), snakemake.output.table)
