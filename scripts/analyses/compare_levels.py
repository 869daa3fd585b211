"""Risks over what was predicted for their targets, at every size."""

import pandas as pd

from twotower.analyses import levels
from twotower.base import files
from twotower.records import job_records
from twotower.study import decisions

with job_records.job(snakemake):
    risks = [pd.read_csv(path) for path in snakemake.input.risks]
    rates = pd.read_csv(snakemake.input.rates)
    rules = decisions.load(snakemake.input.decisions)
    files.write_csv(levels.levels(risks, rates, rules), snakemake.output.table)
