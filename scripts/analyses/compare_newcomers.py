"""Risks on known and on new users and items, of every arm."""

import pandas as pd

from twotower import decisions, files, method_table, records

with records.job(snakemake):
    risks = [pd.read_csv(path) for path in snakemake.input.risks]
    rules = decisions.load(snakemake.input.decisions)
    files.write_csv(method_table.newcomers(risks, rules), snakemake.output.table)
