"""The figure of a diagnosis, as PDF, SVG and PNG."""

from pathlib import Path

import pandas as pd

from twotower.diagnosis.kinds import kind
from twotower.diagnosis.telling import figure
from twotower.records import job_records
from twotower.report import style

with job_records.job(snakemake) as spec:
    parts, worth = (
        pd.read_csv(path) for path in (snakemake.input.components, snakemake.input.worth)
    )
    drawn = figure.draw(parts, worth, kind.named(spec["events"]))
    style.save_figure(drawn, Path(snakemake.output[0]).with_suffix(""))
