"""The figures, each as PDF, SVG and PNG."""

from pathlib import Path

import pandas as pd

from twotower import figures, logs, style

logs.start(snakemake.log[0])
paths = snakemake.input

risks, rates, curves = (
    pd.read_csv(path, float_precision="round_trip")
    for path in (paths.risks, paths.rates, paths.curves)
)
folder = Path(snakemake.output[0]).parent
with style.paper_style():
    for name, figure in {
        "learning_curves": figures.learning_curves(curves, rates),
        "slope_comparison": figures.slope_comparison(rates),
        "plain_training_cost": figures.plain_training_cost(risks),
    }.items():
        style.save_figure(figure, folder / name)
