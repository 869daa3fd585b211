"""The figure of measured slopes on predicted ones, over all cells, with the primary endpoint."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from twotower.report import style, ticks
from twotower.report.headings import UPPER_SLOPES, upper_slopes
from twotower.study import arms
from twotower.study.decisions import Decisions
from twotower.study.labels import dim_text, interval_text, number_text, smoothness_text

_FILLS = ("full", "none", "left", "bottom")
_LINE = {"color": style.BLACK, "linewidth": 1.0, "zorder": 2.0}
_BAND = {"color": style.BLACK, "alpha": 0.18, "linewidth": 0}


def figure(rates: pd.DataFrame, regression: pd.DataFrame | None, decisions: Decisions) -> Figure:
    """Slope of erm over the upper half of its window against its prediction: confirmatory cells,
    equal scales.

    Colour and marker tell β, the marker's filling d. The dashed diagonal is agreement, the grey
    band what the rules allow around it. The line is the meta-regression with the band of its 95%
    interval. Points stand where they are: those of equal predictions lie above one another.

    Args:
        rates: combined rates; all fitted cells of erm are drawn if none is confirmatory.
        regression: the table of the meta-regression; its rows of subset "all" are drawn.
        decisions: the rules, for what they allow over the upper half of a window.
    """
    tolerance = decisions.thresholds.upper_tolerance
    fitted = upper_slopes(rates[rates["arm"] == arms.ERM])
    confirmatory = fitted["confirmatory"].astype(bool)
    fitted = fitted[confirmatory] if confirmatory.any() else fitted
    if fitted.empty:
        return style.message_figure("No slope was fitted in this study.")
    dims = fitted[["user_intrinsic_dim", "item_intrinsic_dim"]].max(axis=1)
    betas, sizes = sorted(fitted["smoothness"].unique()), sorted(dims.unique())
    every = fitted[[*UPPER_SLOPES, "upper_predicted_slope"]].to_numpy()
    limits = np.nanmin(every) - 0.06, np.nanmax(every) + 0.06
    with style.paper_style():
        fig = Figure(figsize=(style.COLUMN_WIDTH, 3.6), layout="constrained")
        ax = fig.subplots()
        ends = np.array(limits)
        ax.fill_between(ends, ends - tolerance, ends + tolerance, color=style.WINDOW_GREY, lw=0)
        ax.plot(ends, ends, **style.AGREEMENT)
        remarks = _draw_regression(ax, regression, np.linspace(*limits, 50))
        for (beta, dim), rows in fitted.groupby(["smoothness", dims]):
            mark = style.series_mark(betas.index(beta))
            fill = _FILLS[sizes.index(dim) % len(_FILLS)]
            slopes = [rows[name].to_numpy(float) for name in UPPER_SLOPES]
            half = np.abs([slopes[0] - slopes[1], slopes[2] - slopes[0]])
            x = rows["upper_predicted_slope"]
            ax.errorbar(x, slopes[0], half, fmt="none", ecolor=mark.color, elinewidth=0.5)
            ax.plot(x, slopes[0], **_filled(mark, fill))
        ax.set(xlim=limits, xlabel="predicted slope, upper half")
        ax.set(ylim=limits, ylabel="measured slope, upper half")
        ax.set_aspect("equal", adjustable="box")
        ticks.slope_axis(ax.xaxis)
        ticks.slope_axis(ax.yaxis)
        style.corner_text(ax, [(text, style.BLACK) for text in remarks], right=True)
        entries = [
            Line2D([], [], label=f"β = {smoothness_text(beta)}", **_filled(mark, "full"))
            for beta, mark in ((beta, style.series_mark(i)) for i, beta in enumerate(betas))
        ]
        grey = style.Mark(style.TEXT_GREY, "o", "none")
        entries += [
            Line2D([], [], label=f"d = {dim_text(dim)}", **_filled(grey, _FILLS[i % len(_FILLS)]))
            for i, dim in enumerate(sizes)
        ]
        entries.append(Line2D([], [], label="agreement", **style.AGREEMENT))
        entries.append(Patch(facecolor=style.WINDOW_GREY, label=f"± {number_text(tolerance)}"))
        if len(remarks) > 1:
            entries.append(Line2D([], [], label="regression", **_LINE))
            entries.append(Patch(label="its 95% band", **_BAND))
        fig.legend(handles=entries, loc="outside upper center", ncols=4, handlelength=1.6)
    return fig


def _filled(mark: style.Mark, fill: str) -> dict:
    look = mark.line() | {"linestyle": "none", "fillstyle": fill, "markerfacecoloralt": "white"}
    return look | {"markerfacecolor": "white" if fill == "none" else mark.color}


def _draw_regression(ax: Axes, regression: pd.DataFrame | None, x: np.ndarray) -> list[str]:
    """The line and its band, as far as the table has them; what it says, in words.

    The table has intervals of intercept, slope and mean difference but no covariance. The band is
    the one parabola of half-widths squared that agrees with the first two and is nowhere narrower
    than the third, which is the error of the line at its centre.
    """
    if regression is None or regression.empty:
        return []
    terms = regression[regression["subset"] == "all"].set_index("term")
    if not {"slope", "intercept", "mean_difference"} <= set(terms.index):
        return []
    if terms.loc["slope", ["estimate", "low", "high"]].isna().any():
        return [f"{terms.loc['slope', 'cells']} cells: no regression"]
    half = (terms["high"] - terms["low"]).astype(float) / 2
    slope, intercept = terms.loc["slope", "estimate"], terms.loc["intercept", "estimate"]
    least = min(half["mean_difference"], half["intercept"])
    centre = -math.sqrt(half["intercept"] ** 2 - least**2) / half["slope"]  # slopes are negative
    band = np.sqrt(least**2 + (half["slope"] * (x - centre)) ** 2)
    line = intercept + slope * x
    ax.fill_between(x, line - band, line + band, **_BAND)
    ax.plot(x, line, **_LINE)
    bounds = ["estimate", "low", "high"]
    return [
        f"{terms.loc['slope', 'cells']} cells",
        f"slope {interval_text(*terms.loc['slope', bounds])}",
        f"mean difference {interval_text(*terms.loc['mean_difference', bounds])}",
    ]
