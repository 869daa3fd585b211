"""The figures on real ratings, each as PDF, SVG and PNG."""

from pathlib import Path

import pandas as pd

from twotower import real_figures, real_results, records, style

FIGURES = {
    "learning_curves": lambda summary, fits: real_figures.learning_curves(summary, seen),
    "cold_start": lambda summary, fits: real_figures.cold_start(summary, seen),
    "slopes": lambda summary, fits: real_figures.slopes(fits, seen),
}

with records.job(snakemake) as spec:
    seen = real_results.seen()
    summary, fits = (
        pd.read_csv(path) for path in (snakemake.input.summary, snakemake.input.slopes)
    )
    figure = FIGURES[spec["figure"]](summary, fits)
    style.save_figure(figure, Path(snakemake.output[0]).with_suffix(""))
