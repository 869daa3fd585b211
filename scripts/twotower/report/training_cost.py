"""The figure of what plain training costs: the risk of `adam` over that of `erm`."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.special import stdtrit

from twotower.report import style, ticks
from twotower.report.curves import SIZE_LABEL
from twotower.study import arms
from twotower.study.labels import cell_titles

_MANY_LINES = 8  # with more the legend stands beside the lines


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


def figure(risks: pd.DataFrame) -> Figure:
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
        ax.axhline(1.0, **style.AGREEMENT)
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
