"""Other methods beside towers: risks at the largest size, and slopes."""

import pandas as pd

from twotower import decisions, files, method_table, records

with records.job(snakemake):
    risks = [pd.read_csv(path) for path in snakemake.input.risks]
    rates = pd.read_csv(snakemake.input.rates)
    rules = decisions.load(snakemake.input.decisions)
    files.write_csv(method_table.methods(risks, rates, rules), snakemake.output.table)
