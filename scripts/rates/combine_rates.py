"""The rates of all experiments, one row per cell and arm, with Holm's correction."""

import pandas as pd

from twotower import files, meta, records

with records.job(snakemake):
    tables = [pd.read_csv(path) for path in snakemake.input.rates]
    files.write_csv(meta.combine(tables), snakemake.output.rates)
