"""The figures on real ratings, each as PDF, SVG and PNG."""

from pathlib import Path

import pandas as pd

from twotower.real import figures, results
from twotower.records import job_records
from twotower.report import style

FIGURES = {
    "learning_curves": lambda summary, fits: figures.learning_curves(summary, seen),
    "cold_start": lambda summary, fits: figures.cold_start(summary, seen),
    "slopes": lambda summary, fits: figures.slopes(fits, seen),
}

with job_records.job(snakemake) as spec:
    seen = results.seen()
    summary, fits = (
        pd.read_csv(path) for path in (snakemake.input.summary, snakemake.input.slopes)
    )
    figure = FIGURES[spec["figure"]](summary, fits)
    style.save_figure(figure, Path(snakemake.output[0]).with_suffix(""))
