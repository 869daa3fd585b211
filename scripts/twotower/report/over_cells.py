"""Figures over many cells at once: slopes, the tournament, extrapolation, the cost of plain Adam.

Frames are tables of results/tables, or, where that is said, rows of risks.
"""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy.special import stdtrit

from twotower.report import style, ticks
from twotower.report.curves import SIZE_LABEL
from twotower.study import arms
from twotower.study.labels import (
    cell_titles,
    dim_text,
    interval_text,
    number_text,
    smoothness_text,
)

_FILLS = ("full", "none", "left", "bottom")
_LINE = {"color": style.BLACK, "linewidth": 1.0, "zorder": 2.0}
_AGREEMENT = {"color": style.GUIDE_GREY, "linewidth": 0.8, "linestyle": "--", "zorder": 1.0}
_MANY_LINES = 8  # with more the legend stands beside the lines


# ---------------------------------------------------------------- measured on predicted slopes


def slope_comparison(
    rates: pd.DataFrame, regression: pd.DataFrame | None = None, delta: float = 0.05
) -> Figure:
    """Fitted slope of erm against the finite-n prediction: confirmatory cells, equal scales.

    Colour and marker tell β, the marker's filling d. The dashed diagonal is agreement, the grey
    band ±2 delta around it. The line is the meta-regression with the band of its 95% interval.
    Points stand where they are: those of equal predictions lie above one another.

    Args:
        rates: combined rates; all fitted cells of erm are drawn if none is confirmatory.
        regression: the table of the meta-regression; its rows of subset "all" are drawn.
        delta: the δ of the decision rules.
    """
    fitted = rates[rates["arm"] == arms.ERM].dropna(subset=["slope", "predicted_slope"])
    confirmatory = fitted["confirmatory"].astype(bool)
    fitted = fitted[confirmatory] if confirmatory.any() else fitted
    if fitted.empty:
        return style.message_figure("No slope was fitted in this study.")
    dims = fitted[["user_intrinsic_dim", "item_intrinsic_dim"]].max(axis=1)
    betas, sizes = sorted(fitted["smoothness"].unique()), sorted(dims.unique())
    every = fitted[["slope_low", "slope_high", "predicted_slope"]].to_numpy()
    limits = np.nanmin(every) - 0.06, np.nanmax(every) + 0.06
    with style.paper_style():
        fig = Figure(figsize=(style.COLUMN_WIDTH, 3.6), layout="constrained")
        ax = fig.subplots()
        ends = np.array(limits)
        ax.fill_between(ends, ends - 2 * delta, ends + 2 * delta, color=style.WINDOW_GREY, lw=0)
        ax.plot(ends, ends, **_AGREEMENT)
        remarks = _draw_regression(ax, regression, np.linspace(*limits, 50))
        for (beta, dim), rows in fitted.groupby(["smoothness", dims]):
            mark = style.series_mark(betas.index(beta))
            fill = _FILLS[sizes.index(dim) % len(_FILLS)]
            slopes = [rows[name].to_numpy(float) for name in ("slope", "slope_low", "slope_high")]
            half = np.abs([slopes[0] - slopes[1], slopes[2] - slopes[0]])
            x = rows["predicted_slope"]
            ax.errorbar(x, slopes[0], half, fmt="none", ecolor=mark.color, elinewidth=0.5)
            ax.plot(x, slopes[0], **_filled(mark, fill))
        ax.set(xlim=limits, ylim=limits, xlabel="predicted slope", ylabel="measured slope")
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
        entries.append(Line2D([], [], label="agreement", **_AGREEMENT))
        entries.append(Patch(facecolor=style.WINDOW_GREY, label=f"± {number_text(2 * delta)}"))
        if len(remarks) > 1:
            entries.append(Line2D([], [], label="regression", **_LINE))
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
    if regression is None:
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
    ax.fill_between(x, line - band, line + band, color=style.BLACK, alpha=0.18, linewidth=0)
    ax.plot(x, line, **_LINE)
    bounds = ["estimate", "low", "high"]
    return [
        f"{terms.loc['slope', 'cells']} cells",
        f"slope {interval_text(*terms.loc['slope', bounds])}",
        f"mean difference {interval_text(*terms.loc['mean_difference', bounds])}",
    ]


# ---------------------------------------------------------------- which dimension counts


_TOURNAMENT_TITLES = {arms.ERM: "two towers (erm)", arms.JOINT: "joint regression (joint)"}
_PREDICTORS = {
    "max": "max($d_u$, $d_i$)",
    "sum": "$d_u$ + $d_i$",
    "mean": "mean of $d_u$, $d_i$",
    "ambient": "D",
}


def tournament(table: pd.DataFrame) -> Figure:
    """Held-out error of each dimension as a predictor of slopes: bars, the winner's dark."""
    scored = table.dropna(subset=["held_out_rmse"])
    if scored.empty:
        return style.message_figure("Too few cells for a tournament of predictors.")
    present = style.arms_of(scored)
    with style.paper_style():
        width = style.TEXT_WIDTH * 0.75 if len(present) > 1 else style.COLUMN_WIDTH
        fig = Figure(figsize=(width, 1.7), layout="constrained")
        axes = fig.subplots(1, len(present), sharex=True, sharey=True, squeeze=False)[0]
        for ax, (arm, rows) in zip(axes, present, strict=True):
            names = [_PREDICTORS.get(name, name) for name in rows["predictor"]]
            wins = rows["winner"].astype(bool)
            mark = style.arm_mark(arm)
            colors = [mark.color if won else style.pale(mark).color for won in wins]
            errors = rows["held_out_rmse"].to_numpy(float)
            ax.barh(names, errors, color=colors, height=0.62)
            for place, (error, won) in enumerate(zip(errors, wins, strict=True)):
                text = f" {error:.3f}" + (" wins" if won else "")
                ax.annotate(text, (error, place), va="center", fontsize=style.SMALL)
            ax.set_title(f"{_TOURNAMENT_TITLES.get(arm, arm)}, {rows['cells'].iloc[0]} cells")
            ax.spines[["top", "right"]].set_visible(False)
            ax.tick_params(axis="y", length=0)
        axes[0].invert_yaxis()
        axes[0].set_xlim(0, 1.3 * scored["held_out_rmse"].max())
        axes[0].locator_params(axis="x", nbins=4)
        fig.supxlabel("error of the predicted slope in cells left out (root mean square)")
    return fig


# ---------------------------------------------------------------- extrapolation


def extrapolation(table: pd.DataFrame) -> Figure:
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
            ax.axhline(1.0, **_AGREEMENT)
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
            Line2D([], [], label="as predicted", **_AGREEMENT),
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


# ---------------------------------------------------------------- the cost of plain training


def cost_of_plain_training(risks: pd.DataFrame) -> pd.DataFrame:
    """Adam's risk over erm's, paired by replicate: geometric mean and 95% t interval of the log.

    Columns: cell, n_ratings, ratio, low, high (NaN with fewer than two pairs), pairs. Only the
    start `used` counts, and a cell of several experiments once.
    """
    both, keys = [arms.ERM, arms.ADAM], ["cell", "n_ratings", "replicate"]
    used = risks[(risks["start"] == "used") & risks["arm"].isin(both)]
    used = used.drop_duplicates([*keys, "arm"])
    wide = used.pivot(index=keys, columns="arm", values="risk")
    wide = wide.reindex(columns=both).dropna()
    logs = np.log(wide[arms.ADAM] / wide[arms.ERM]).groupby(["cell", "n_ratings"])
    summary = logs.agg(["mean", "sem", "count"]).reset_index()
    half = stdtrit(summary["count"] - 1, 0.975) * summary["sem"]
    return pd.DataFrame(
        {
            "cell": summary["cell"],
            "n_ratings": summary["n_ratings"],
            "ratio": np.exp(summary["mean"]),
            "low": np.exp(summary["mean"] - half),
            "high": np.exp(summary["mean"] + half),
            "pairs": summary["count"],
        }
    )


def plain_training_cost(risks: pd.DataFrame) -> Figure:
    """Adam's risk over erm's against number of ratings, a line per cell; 1 is no cost.

    Points are geometric means over replicates, paired (the same ratings); bars 95% intervals.

    Args:
        risks: one row per cell × arm × start × size × replicate.
    """
    cost = cost_of_plain_training(risks)
    if cost.empty:
        return style.message_figure("This study does not train both erm and adam.")
    titles = cell_titles(risks[risks["cell"].isin(cost["cell"])])
    with style.paper_style():
        fig, legend = _cost_page(list(titles.values()))
        ax = fig.subplots()
        ax.set(xscale="log", yscale="log")
        ax.axhline(1.0, **_AGREEMENT)
        entries = []
        for position, (cell, title) in enumerate(titles.items()):
            mark = style.series_mark(position, dashes=True)
            points = cost[cost["cell"] == cell].sort_values("n_ratings")
            ratio, low, high = (points[name].to_numpy(float) for name in ("ratio", "low", "high"))
            style.draw_points(ax, mark, points["n_ratings"], ratio, low, high)
            entries.append(Line2D([], [], label=title, **mark.line()))
        ticks.size_axis(ax, cost["n_ratings"])
        ticks.ratio_axis(ax)
        ax.set(xlabel=SIZE_LABEL, ylabel="risk of adam / risk of erm")
        ax.spines[["top", "right"]].set_visible(False)
        fig.legend(handles=entries, **legend)
    return fig


def _cost_page(titles: list[str]) -> tuple[Figure, dict]:
    """Page and place of the legend: below a column's width, or beside if the cells are many."""
    if len(titles) > _MANY_LINES:
        size = style.TEXT_WIDTH, max(3.2, 0.4 + 0.16 * len(titles))
        legend = {"loc": "outside right center"}
    else:
        columns = 2 if max(map(len, titles)) <= 20 else 1
        size = style.COLUMN_WIDTH, 2.5 + 0.16 * math.ceil(len(titles) / columns)
        legend = {"loc": "outside lower center", "ncols": columns, "columnspacing": 1.2}
    return Figure(figsize=size, layout="constrained"), legend
