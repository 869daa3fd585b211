"""Risks on known and on new users and items, of every arm."""

import pandas as pd

from twotower.analyses import methods
from twotower.base import files
from twotower.records import job_records
from twotower.study import decisions

with job_records.job(snakemake):
    risks = [pd.read_csv(path) for path in snakemake.input.risks]
    rules = decisions.load(snakemake.input.decisions)
    files.write_csv(methods.newcomers(risks, rules), snakemake.output.table)
