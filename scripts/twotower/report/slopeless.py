"""Figures of experiments that have no slope in |Ω|: those over hidden units, and null cells.

Frames are those of `curve_figures`; curves over hidden units have a column `units`, and a row for
each width.
"""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from twotower.report import curves as curve_figures
from twotower.report import style, ticks
from twotower.report.curves import GUIDE, PREDICTION, PREDICTION_LABEL
from twotower.study.labels import cell_titles, plus_minus_text, smoothness_text

_AT_ONE = {"color": style.GUIDE_GREY, "linewidth": 0.8, "zorder": 1}


def null_cells(curves: pd.DataFrame, rates: pd.DataFrame) -> Figure:
    """Learning curves where there is nothing to learn: they must stay at 1, the signal's variance.

    Raises:
        ValueError: as `learning_curves`.
    """
    # Neither a fit nor the bound says anything here.
    plain = curves.assign(in_window=False, fitted_risk=math.nan)
    fig = curve_figures.learning_curves(plain, rates.iloc[:0])
    for ax in fig.axes:
        if ax.axison:
            ax.axhline(1.0, **_AT_ONE)
            low, high = ax.get_ylim()
            ax.set_ylim(min(low, 0.2), max(high, 2.0))
            style.note(ax, "at 1 nothing is learned", 1.0, points=-24)
            ticks.risk_axis(ax)
    return fig


def approximation(curves: pd.DataFrame, rates: pd.DataFrame) -> Figure:
    """Risk without noise against hidden units: a panel per dimension, a series per β.

    Thick grey lines have the slope of Theorem 1, −2β/d; dashes are predicted risks. Hollow points
    are the same towers with half the ratings: where they lie on the full ones, the sample is large
    enough not to matter.

    Raises:
        ValueError: if `curves` is empty.
    """
    if curves.empty:
        raise ValueError("the curves frame is empty: nothing to draw")
    curves, rates = (frame[frame["arm"] == frame["arm"].iloc[0]] for frame in (curves, rates))
    titles = cell_titles(curves, without=("smoothness",))
    betas = sorted(curves["smoothness"].unique())
    families = list(dict.fromkeys(titles.values()))
    with style.paper_style():
        fig = Figure(figsize=(style.TEXT_WIDTH, 3.1), layout="constrained")
        axes = fig.subplots(1, len(families), sharex=True, sharey=True, squeeze=False)[0]
        predicted = []
        for ax, family in zip(axes, families, strict=True):
            ax.set(xscale="log", yscale="log", title=family)
            ax.spines[["top", "right"]].set_visible(False)
            lines = []
            for cell in (cell for cell, title in titles.items() if title == family):
                points = curves[curves["cell"] == cell]
                rate = rates[rates["cell"] == cell]
                mark = style.series_mark(betas.index(points["smoothness"].iloc[0]))
                full = _draw_approximation(ax, points, rate, mark)
                predicted.append((ax, full, mark))
                if rate["slope"].notna().any():
                    slope = plus_minus_text(*rate[["slope", "slope_low", "slope_high"]].iloc[0])
                    theory = smoothness_text(-rate["bound_slope"].iloc[0])
                    beta = smoothness_text(points["smoothness"].iloc[0])
                    lines.append((f"β = {beta}: {slope}  (theory −{theory})", mark.color))
            style.corner_text(ax, lines)
        measured = axes[0].get_ylim()  # predictions may fall far below what is fitted
        for ax, points, mark in predicted:
            curve_figures.draw_prediction(ax, points, mark, x="units")
        axes[0].set_ylim(measured)
        ticks.size_axis(axes[0], curves["units"])
        ticks.risk_axis(axes[0])
        fig.supxlabel("hidden units of each tower")
        fig.supylabel(curve_figures.RISK_LABEL)
        entries = [
            Line2D([], [], label=f"β = {smoothness_text(b)}", **style.series_mark(i).line())
            for i, b in enumerate(betas)
        ]
        entries.append(Line2D([], [], label="slope −2β/d", **GUIDE))
        if curves["predicted_risk"].notna().any():
            entries.append(Line2D([], [], label=PREDICTION_LABEL, **PREDICTION))
        half = {"color": style.TEXT_GREY, "marker": "o", "markerfacecolor": "none"}
        entries.append(Line2D([], [], label="half the ratings", linestyle="none", **half))
        fig.legend(handles=entries, loc="outside upper center", ncols=6)
    return fig


def _draw_approximation(
    ax: Axes, points: pd.DataFrame, rate: pd.DataFrame, mark: style.Mark
) -> pd.DataFrame:
    """Draw one curve; the rows of all ratings, which it goes through."""
    full = points[points["n_ratings"] == points["n_ratings"].max()]
    curve_figures.draw_measured(ax, full, mark, x="units")
    half = points[points["n_ratings"] < points["n_ratings"].max()]
    look = mark.line() | {"linestyle": "none", "markerfacecolor": "none", "markersize": 6.0}
    ax.plot(half["units"], half["mean_risk"], **look)
    fitted = full[full["in_window"].astype(bool)].sort_values("units")
    slopes = rate["bound_slope"].dropna()
    if len(fitted) > 1 and len(slopes):
        slope = float(slopes.iloc[0])
        height = 0.66 * (fitted["mean_risk"] / fitted["units"] ** slope).min()
        ax.plot(fitted["units"], height * fitted["units"].astype(float) ** slope, **GUIDE)
    return full
