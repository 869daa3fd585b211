"""Which dimension predicts the slopes of left-out cells: max, sum, mean or ambient."""

import pandas as pd

from twotower.analyses import tournament
from twotower.base import files
from twotower.records import job_records
from twotower.study import decisions

with job_records.job(snakemake):
    rates = pd.read_csv(snakemake.input.rates)
    confidence = decisions.load(snakemake.input.decisions).thresholds.confidence
    files.write_csv(tournament.tournament(rates, confidence), snakemake.output.table)
