"""The figure of one experiment, as PDF, SVG and PNG."""

from pathlib import Path

import pandas as pd

from twotower.records import job_records
from twotower.report import experiments, style

with job_records.job(snakemake) as spec:
    paths = snakemake.input
    curves, rates = (pd.read_csv(path) for path in (paths.curves, paths.rates))
    figure = experiments.experiment_figure(spec["experiment"], curves, rates)
    style.save_figure(figure, Path(snakemake.output[0]).with_suffix(""))
