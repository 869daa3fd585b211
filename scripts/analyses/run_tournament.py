"""Which dimension predicts the slopes of left-out cells: max, sum, mean or ambient."""

import pandas as pd

from twotower.analyses import tournament
from twotower.base import files
from twotower.records import job_records

with job_records.job(snakemake):
    rates = pd.read_csv(snakemake.input.rates)
    files.write_csv(tournament.tournament(rates), snakemake.output.table)
