"""Other methods beside towers: risks at the largest size, and slopes."""

import pandas as pd

from twotower.analyses import methods
from twotower.base import files
from twotower.records import job_records
from twotower.study import decisions

with job_records.job(snakemake):
    risks = [pd.read_csv(path) for path in snakemake.input.risks]
    rates = pd.read_csv(snakemake.input.rates)
    rules = decisions.load(snakemake.input.decisions)
    files.write_csv(methods.methods(risks, rates, rules), snakemake.output.table)
