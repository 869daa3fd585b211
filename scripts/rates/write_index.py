"""The table that maps the short ids in file names to settings."""

import json

import pandas as pd

from twotower.base import files
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    index = pd.DataFrame(spec["runs"])
    for column in ("cell_settings", "arm_settings"):
        index[column] = [json.dumps(settings, sort_keys=True) for settings in index[column]]
    files.write_csv(index, snakemake.output.index)
