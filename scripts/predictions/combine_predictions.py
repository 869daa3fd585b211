"""What is predicted of all cells, arms, sizes and replicates of a study, in one table."""

import math

import pandas as pd

from twotower.base import files
from twotower.predictions import table
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    predicted = dict(zip(spec["fits"], map(pd.read_csv, snakemake.input), strict=True))
    frames, order = [], table.COLUMNS
    for fit, sizes, columns in spec["rows"]:
        frame = predicted[fit]
        named = {name: math.nan if value is None else value for name, value in columns.items()}
        frames.append(frame[frame["n_ratings"].isin(sizes)].assign(**named))
        order = [*columns, *table.COLUMNS]
    joined = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=order)
    files.write_csv(joined[order], snakemake.output.table)
