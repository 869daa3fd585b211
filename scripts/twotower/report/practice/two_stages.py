"""The figure of two stages: what retrieval and what ranking loses, by ratings and candidates."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from twotower.evaluation.regret_split import BOOSTING, EXACT, TOWERS_ALONE, WITH_SCORE
from twotower.report import style
from twotower.study import arms
from twotower.study.labels import cells_in_order, size_text

MAX_ROWS = 5
"""Cells that are drawn, a row of panels each."""

_COLORS = {TOWERS_ALONE: style.BLUE, BOOSTING: style.ORANGE, WITH_SCORE: style.GREEN}
_NAMES = {
    TOWERS_ALONE: "towers alone",
    BOOSTING: "boosting orders the candidates",
    WITH_SCORE: "boosting that knows the towers' score",
}


class _Bar(NamedTuple):
    ranker: str
    candidates: int


def figure(table: pd.DataFrame) -> Figure:
    """Stacked bars of the regret: a row for each cell, columns for two catalogues.

    Above a bar stands + where the regret is surely below that of the towers alone, and − where it
    is surely above.

    Args:
        table: as of `analyses.two_stages`. The smallest and the largest catalogue are drawn, and
            exact search; of several arms of a cell the first one in the order of legends.
    """
    table = table[table["index"] == EXACT]
    cells = list(cells_in_order(table).index)[:MAX_ROWS]
    items = sorted(table["items"].unique())
    sizes = list(dict.fromkeys([items[0], items[-1]]))
    with style.paper_style():
        fig = Figure(figsize=(style.TEXT_WIDTH, 0.9 + 1.7 * len(cells)), layout="constrained")
        grid = fig.subplots(len(cells), len(sizes), sharex=True, sharey="row", squeeze=False)
        for axes, cell in zip(grid, cells, strict=True):
            for ax, size in zip(axes, sizes, strict=True):
                here = table[(table["cell"] == cell) & (table["items"] == size)]
                arm, rows = style.arms_of(here)[0]
                _draw(ax, rows, below=cell == cells[-1])
            about = rows.iloc[0]
            said = f"rank {about['rank']:g}, towers' p = {about['embedding_dim']:g}"
            among = f" of {about['catalogue']:,g} items" if about["sampling"] == "clicks" else ""
            axes[0].set_ylabel(f"{said},\n{arms.label(arm)}{among}")
            axes[0].set_ylim(0.0, 1.1 * table.loc[table["cell"] == cell, "regret"].max())
        for ax, size in zip(grid[0], sizes, strict=True):
            ax.set_title(f"{size:,} items")
        fig.supxlabel("number of ratings or clicks; above it the number of candidates of each bar")
        fig.supylabel(f"regret@{table['k'].iloc[0]}, in sd of R*")
        entries = [Patch(color=_COLORS[name], label=_NAMES[name]) for name in _COLORS]
        grey = {"facecolor": style.GUIDE_GREY, "edgecolor": style.GUIDE_GREY}
        entries += [
            Patch(**grey, label="full: lost in retrieval"),
            Patch(**grey | {"facecolor": "white", "hatch": "////"}, label="hatched: in ranking"),
        ]
        fig.legend(handles=entries, loc="outside upper center", ncols=3)
    return fig


def _draw(ax: Axes, rows: pd.DataFrame, below: bool) -> None:
    """A group of bars for each number of ratings; `below`: candidates are named beneath them."""
    ax.spines[["top", "right"]].set_visible(False)
    most = sorted(rows["candidates"].unique())
    bars = [_Bar(TOWERS_ALONE, most[0])]
    bars += [_Bar(ranker, count) for ranker in (BOOSTING, WITH_SCORE) for count in most[1:]]
    sizes = sorted(rows["n_ratings"].unique())
    known = rows.set_index(["n_ratings", "ranker", "candidates"])
    places, labels = [], []
    for group, n in enumerate(sizes):
        for number, bar in enumerate(bars):
            row, x = known.loc[(n, *bar)], group * (len(bars) + 1) + number
            look = {"width": 0.8, "color": _COLORS[bar.ranker], "edgecolor": _COLORS[bar.ranker]}
            ax.bar(x, row["retrieval_share"], **look)
            hatched = look | {"color": "white", "hatch": "////", "linewidth": 0.4}
            hatched["edgecolor"] = look["edgecolor"]
            ax.bar(x, row["ranking_share"], bottom=row["retrieval_share"], **hatched)
            sign = "+" if row["gain_low"] > 0 else "−" if row["gain_high"] < 0 else ""
            ax.text(x, row["regret"], sign, ha="center", va="bottom")
            places.append(x)
            labels.append(size_text(bar.candidates).replace(",000", "k"))
        middle = group * (len(bars) + 1) + (len(bars) - 1) / 2
        ax.annotate(
            size_text(n),
            xy=(middle, 0),
            xycoords=("data", "axes fraction"),
            xytext=(0, -30 if below else -12),
            textcoords="offset points",
            ha="center",
            annotation_clip=False,
        )
    ax.set_xticks(np.array(places), labels, rotation=90, fontsize=style.SMALL)
