"""Figures over the whole study, each as PDF, SVG and PNG."""

from pathlib import Path

import pandas as pd

from twotower.records import job_records
from twotower.report import (
    curves,
    extrapolation,
    levels,
    limits,
    methods,
    slope_comparison,
    style,
    tournament,
    training_cost,
)
from twotower.report.practice import clicks, components, two_stages
from twotower.report.rankings import ranking_curves
from twotower.study import decisions


def table(name: str) -> pd.DataFrame:
    """The table of a named input; of several files one below the other, of none empty."""
    files = getattr(snakemake.input, name)
    frames = [pd.read_csv(file) for file in ([files] if isinstance(files, str) else files)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def rules() -> decisions.Decisions:
    """The frozen rules, for figures that draw what they allow."""
    return decisions.load(snakemake.input.decisions)


FIGURES = {
    "learning_curves": lambda: curves.study_curves(table("curves"), table("rates")),
    "slope_comparison": lambda: slope_comparison.figure(
        table("rates"), table("meta_regression"), rules()
    ),
    "tournament": lambda: tournament.figure(table("tournament")),
    "extrapolation": lambda: extrapolation.figure(table("extrapolation")),
    "levels": lambda: levels.figure(table("levels"), rules().thresholds.level_ratio),
    "plain_training_cost": lambda: training_cost.figure(table("risks")),
    "falsifiability": lambda: limits.falsifiability(table("falsifiability")),
    "error_budget": lambda: limits.error_budget(table("error_budget")),
    "methods": lambda: methods.methods(table("curves")),
    "newcomers": lambda: methods.newcomers(table("newcomers")),
    "lemmas": lambda: limits.lemmas(table("lemmas")),
    "components": lambda: components.figure(table("components")),
    "two_stages": lambda: two_stages.figure(table("two_stages")),
    "clicks": lambda: clicks.figure(table("click_curves"), table("clicks")),
    "ranking": lambda: ranking_curves(table("ranking_curves"), table("ranking")),
}

with job_records.job(snakemake) as spec:
    for name in spec["figures"]:
        style.save_figure(FIGURES[name](), Path(snakemake.output[0]).with_name(name))
