"""The figure of the largest sizes, measured over predicted from the smaller ones, in two ways."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from twotower.report import style, ticks


class _Way(NamedTuple):
    """One way to extrapolate: its title, and its columns of the table."""

    title: str
    risk: str
    interval: tuple[str, str]
    log_ratio: str
    covered: str


_WAYS = (
    _Way(
        "predicted shape, free scale",
        "predicted_risk",
        ("risk_low", "risk_high"),
        "log_ratio",
        "covered",
    ),
    _Way(
        "straight line in log n",
        "line_risk",
        ("line_low", "line_high"),
        "line_log_ratio",
        "line_covered",
    ),
)


def figure(table: pd.DataFrame) -> Figure:
    """Measured over extrapolated risk of the largest sizes, a panel for each way to extrapolate.

    Rows are those that are confirmatory, which the claim counts (all, if none is). Bars hold 1
    exactly where the measured risk is in its 95% prediction interval; those that do not are
    crosses. Titles count them, and give the median error.
    """
    if table.empty:
        return style.message_figure("No curve has sizes enough to extrapolate.")
    confirmatory = table["confirmatory"].astype(bool)
    rows = table[confirmatory] if confirmatory.any() else table
    with style.paper_style():
        fig = Figure(figsize=(style.TEXT_WIDTH * 0.8, 2.7), layout="constrained")
        axes = fig.subplots(1, len(_WAYS), sharex=True, sharey=True)
        for ax, way in zip(axes, _WAYS, strict=True):
            _draw(ax, rows, way)
        ticks.ratio_axis(axes[0])
        ticks.risk_axis(axes[0], axes[0].xaxis)
        fig.supxlabel("risk measured at the two largest sizes")
        axes[0].set_ylabel("measured / extrapolated risk")
        dot = {"marker": "o", "linestyle": "none", "color": style.TEXT_GREY}
        entries = [
            Line2D([], [], label="inside its 95% interval", markersize=3.4, **dot),
            Line2D([], [], label="outside", **dot | {"marker": "x"}),
            Line2D([], [], label="as extrapolated", **style.AGREEMENT),
        ]
        present = style.arms_of(rows)
        if len(present) > 1:
            entries += [style.arm_handle(arm, line=False) for arm, _ in present]
        fig.legend(handles=entries, loc="outside upper center", ncols=3)
    return fig


def _draw(ax: Axes, rows: pd.DataFrame, way: _Way) -> None:
    ax.set(xscale="log", yscale="log")
    ax.spines[["top", "right"]].set_visible(False)
    ax.axhline(1.0, **style.AGREEMENT)
    covered = rows[way.covered].astype(bool)
    for arm, of_arm in style.arms_of(rows):
        inside = covered[of_arm.index]
        _draw_ratios(ax, style.arm_mark(arm), of_arm[inside], way)
        _draw_ratios(ax, style.arm_mark(arm), of_arm[~inside], way, marker="x")
    error = np.expm1(rows[way.log_ratio].abs().median())
    held = f"{covered.sum()} of {len(rows)} inside ({covered.mean():.0%})"
    ax.set_title(f"{way.title}\n{held}, median error {error:.1%}")


def _draw_ratios(
    ax: Axes, mark: style.Mark, rows: pd.DataFrame, way: _Way, marker: str = ""
) -> None:
    measured = rows["mean_risk"].to_numpy(float)
    names = (way.risk, *way.interval)  # the higher the prediction, the lower the ratio
    ratio, high, low = (measured / rows[name].to_numpy(float) for name in names)
    ax.errorbar(
        measured, ratio, [ratio - low, high - ratio], fmt="none", ecolor=mark.color, elinewidth=0.6
    )
    look = mark.line() | {"linestyle": "none", "markersize": 3.4}
    ax.plot(measured, ratio, **look | ({"marker": marker, "markersize": 4.5} if marker else {}))
