"""The figure of the largest sizes, measured over predicted from the smaller ones."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from twotower.report import style, ticks


def figure(table: pd.DataFrame) -> Figure:
    """Measured over predicted risk of the largest sizes, against the predicted risk, by arm.

    Bars hold 1 exactly where the measured risk is in its 95% prediction interval; those that do
    not are crosses. Titles count them.
    """
    if table.empty:
        return style.message_figure("No curve has sizes enough to extrapolate.")
    present = style.arms_of(table)
    with style.paper_style():
        width = style.COLUMN_WIDTH if len(present) == 1 else style.TEXT_WIDTH
        fig = Figure(figsize=(width, 2.6), layout="constrained")
        axes = fig.subplots(1, len(present), sharex=True, sharey=True, squeeze=False)[0]
        for ax, (arm, rows) in zip(axes, present, strict=True):
            ax.set(xscale="log", yscale="log")
            ax.spines[["top", "right"]].set_visible(False)
            ax.axhline(1.0, **style.AGREEMENT)
            covered = rows["covered"].astype(bool)
            for inside, part in ((True, rows[covered]), (False, rows[~covered])):
                _draw_ratios(ax, arm, part, inside)
            ax.set_title(f"{arm}: {covered.sum()} of {len(rows)}\ninside ({covered.mean():.0%})")
        ticks.ratio_axis(axes[0])
        ticks.risk_axis(axes[0], axes[0].xaxis)
        fig.supxlabel("risk predicted from the smaller sizes")
        axes[0].set_ylabel("measured / predicted risk")
        dot = {"marker": "o", "linestyle": "none", "color": style.TEXT_GREY}
        entries = [
            Line2D([], [], label="inside its interval", markersize=3.4, **dot),
            Line2D([], [], label="outside", **dot | {"marker": "x"}),
            Line2D([], [], label="as predicted", **style.AGREEMENT),
        ]
        fig.legend(handles=entries, loc="outside upper center", ncols=3)
    return fig


def _draw_ratios(ax: Axes, arm: str, rows: pd.DataFrame, inside: bool) -> None:
    mark = style.arm_mark(arm)
    measured = rows["mean_risk"].to_numpy(float)
    ratio = measured / rows["predicted_risk"].to_numpy(float)
    ends = [np.abs(measured / rows[name].to_numpy(float) - ratio) for name in _INTERVAL]
    x = rows["predicted_risk"]
    ax.errorbar(x, ratio, ends, fmt="none", ecolor=mark.color, elinewidth=0.5)
    look = mark.line() | {"linestyle": "none", "markersize": 3.0}
    ax.plot(x, ratio, **look if inside else look | {"marker": "x", "markersize": 4.5})


_INTERVAL = ("risk_high", "risk_low")  # the higher the prediction, the lower the ratio
