"""The figure of rankings: what each metric lacks against the number of ratings."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from twotower.evaluation import ranking_metrics
from twotower.report import style, ticks
from twotower.report.curves import SIZE_LABEL
from twotower.study.labels import ABSENT, cell_titles, number_text, plus_minus_text

MAX_ROWS = 4
"""Cells that are drawn, a row of panels each."""

_AT_RANDOM = {"color": style.GUIDE_GREY, "linewidth": 1.0, "linestyle": (0, (1, 1.5)), "zorder": 1}
_ROOM = 2.4  # a factor of space below the points, for the corner's text


def ranking_curves(curves: pd.DataFrame, rates: pd.DataFrame) -> Figure:
    """What is lost, log-log: a panel per metric, for several cells a row of them each.

    Points are means over targets with 95% intervals, lines the fitted power laws, over the sizes
    that risks are fitted over. The corner gives each slope, and where there is room also the power
    of the risk that it makes.
    """
    if curves.empty:
        return style.message_figure("No fit of this study was ranked.")
    titles = list(cell_titles(curves).items())
    shown = titles[:MAX_ROWS]
    metrics, alone = ranking_metrics.METRICS, len(shown) == 1
    with style.paper_style():
        rows, columns = (2, 2) if alone else (len(shown), len(metrics))
        fig = Figure(figsize=(style.TEXT_WIDTH, 0.7 + 2.05 * rows), layout="constrained")
        shared = False if alone else "col"
        grid = fig.subplots(rows, columns, sharex=True, sharey=shared, squeeze=False)
        for axes, (cell, title) in zip(grid.reshape(len(shown), -1), shown, strict=True):
            for ax, metric in zip(axes, metrics, strict=True):
                here = (curves["cell"] == cell) & (curves["metric"] == metric)
                of = (rates["cell"] == cell) & (rates["metric"] == metric)
                _draw(ax, curves[here], rates[of], spelled=alone)
            if not alone:
                axes[0].set_ylabel(title)
        for ax, metric in zip(grid.flat, metrics, strict=False):
            ax.set_title(_title(metric, int(curves["k"].iloc[0])))
            low, high = ax.get_ylim()
            ax.set_ylim(low / _ROOM, high)
            ticks.risk_axis(ax)
        ticks.size_axis(grid[0][0], curves["n_ratings"])
        fig.supxlabel(SIZE_LABEL)
        fig.supylabel("what the lists lack")
        entries = [style.arm_handle(arm) for arm, _ in style.arms_of(curves)]
        entries.append(Line2D([], [], label="random order", **_AT_RANDOM))
        left_out = len(titles) - len(shown)
        told = f"the first {len(shown)} of {len(titles)} cells" if left_out else titles[0][1]
        told = told if alone or left_out else None
        fig.legend(handles=entries, loc="outside upper center", ncols=len(entries), title=told)
    return fig


def _title(metric: str, k: int) -> str:
    return {
        "ndcg": f"1 − NDCG@{k}",
        "recall": f"1 − Recall@{k}",
        "mrr": "1 − MRR",
        "regret": f"regret@{k}, in sd of R*",
    }[metric]


def _draw(ax: Axes, points: pd.DataFrame, rates: pd.DataFrame, spelled: bool) -> None:
    ax.set(xscale="log", yscale="log")
    ax.spines[["top", "right"]].set_visible(False)
    lines = []
    for arm, frame in style.arms_of(points):
        mark, frame = style.arm_mark(arm), frame.sort_values("n_ratings")
        fitted = frame.dropna(subset="fitted_error")
        means = [frame[name].to_numpy(float) for name in ("error", "error_low", "error_high")]
        style.draw_points(ax, mark, frame["n_ratings"], *means, line=fitted.empty)
        if len(fitted):
            ax.plot(fitted["n_ratings"], fitted["fitted_error"], **mark.line() | {"marker": ""})
        lines.append((_told(arm, rates[rates["arm"] == arm], spelled), mark.color))
    ax.axhline(points["random_error"].max(), **_AT_RANDOM)
    style.corner_text(ax, lines)
    for text in ax.texts:
        text.set_in_layout(False)  # panels keep their widths


def _told(arm: str, rate: pd.DataFrame, spelled: bool) -> str:
    name = f"{arm} " if spelled else ""
    if rate.empty or math.isnan(rate["slope"].iloc[0]):
        return name + ABSENT
    row = rate.iloc[0]
    slope = plus_minus_text(*row[["slope", "slope_low", "slope_high"]])
    return name + slope + (f", risk$^{{{number_text(row['power'])}}}$" if spelled else "")
