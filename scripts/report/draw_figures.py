"""Figures over the whole study, each as PDF, SVG and PNG."""

from pathlib import Path

import pandas as pd

from twotower import (
    claim_figures,
    curve_figures,
    decisions,
    map_figures,
    method_figures,
    records,
    style,
)
from twotower.ranking_figures import ranking_curves

paths = snakemake.input


def table(name: str) -> pd.DataFrame:
    """The table of a named input; of several files one below the other, of none empty."""
    named = getattr(paths, name)
    files = [named] if isinstance(named, str) else list(named)
    frames = [pd.read_csv(file) for file in files]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


FIGURES = {
    "learning_curves": lambda: curve_figures.study_curves(table("curves"), table("rates")),
    "slope_comparison": lambda: claim_figures.slope_comparison(
        table("rates"), table("meta_regression"), decisions.load(paths.decisions).thresholds.delta
    ),
    "tournament": lambda: claim_figures.tournament(table("tournament")),
    "extrapolation": lambda: claim_figures.extrapolation(table("extrapolation")),
    "plain_training_cost": lambda: claim_figures.plain_training_cost(table("risks")),
    "falsifiability": lambda: map_figures.falsifiability(table("falsifiability")),
    "error_budget": lambda: map_figures.error_budget(table("error_budget")),
    "methods": lambda: method_figures.methods(table("curves")),
    "newcomers": lambda: method_figures.newcomers(table("newcomers")),
    "lemmas": lambda: map_figures.lemmas(table("lemmas")),
    "ranking": lambda: ranking_curves(table("curves"), table("ranking")),
}

with records.job(snakemake) as spec:
    for name in spec["figures"]:
        style.save_figure(FIGURES[name](), Path(snakemake.output[0]).with_name(name))
