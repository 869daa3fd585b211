"""Cold start: risks on new users and items beside those on seen ones."""

import pandas as pd

from twotower import cold_start, decisions, files, records

with records.job(snakemake):
    risks = [pd.read_csv(path, float_precision="round_trip") for path in snakemake.input.risks]
    rates = pd.read_csv(snakemake.input.rates, float_precision="round_trip")
    rules = decisions.load(snakemake.input.decisions)
    files.write_csv(cold_start.cold_start(risks, rates, rules), snakemake.output.table)
