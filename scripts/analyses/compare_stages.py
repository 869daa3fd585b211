"""What retrieval and ranking lose, and whether a second stage pays: means over targets."""

import pandas as pd

from twotower.analyses import two_stages
from twotower.base import files
from twotower.records import job_records
from twotower.study import decisions

with job_records.job(snakemake) as spec:
    splits = [pd.read_csv(path) for path in snakemake.input.regret_splits]
    confidence = decisions.load(snakemake.input.decisions).thresholds.confidence
    table = two_stages.two_stages(splits, spec["runs"], spec["users"], spec["k"], confidence)
    files.write_csv(table, snakemake.output.table)
