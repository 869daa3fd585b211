"""The figure of levels: risks over what was predicted for them, against the number of ratings."""

import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from twotower.report import style, ticks
from twotower.report.curves import SIZE_LABEL, columns_for, grid, shared_title
from twotower.study import arms
from twotower.study.labels import cell_titles, shared_settings

_ARMS = (arms.ERM, arms.REFERENCE)
_APART = {arms.ERM: 0.93, arms.REFERENCE: 1 / 0.93}
"""Factors by which the two arms' points stand aside, so that both bars of a size are seen."""
_REFERENCE = style.Mark(style.TEXT_GREY, "s", ":", hollow=True, markersize=3.0, zorder=2.5)
_TOWERS = style.Mark(style.BLUE, "o", "-", markersize=3.4)
_OTHER_SIZES = {"markerfacecolor": "white"}


def figure(levels: pd.DataFrame, tolerance: float) -> Figure:
    """Measured over predicted risk against number of ratings: a panel per cell, with 95% bars.

    Cells are those that are confirmatory (all, if none is). What is judged are the points of erm
    in the upper half of the window: they are filled, and lie in the dark box where the level is
    as predicted. The reference stands beside them, for comparison.

    Args:
        levels: the table of levels.
        tolerance: factor that the rules allow, and the band reaches, to either side of 1.
    """
    rows = levels[levels["arm"].isin(_ARMS)].dropna(subset=["ratio"])
    kept = rows["cell"].isin(rows.loc[rows["confirmatory"].astype(bool), "cell"])
    rows = rows[kept] if kept.any() else rows
    if rows.empty:
        return style.message_figure("No level was predicted in this study.")
    several = rows["cell"].nunique() > 1
    titles = cell_titles(rows, without=shared_settings(rows) if several else ())
    with style.paper_style():
        fig = Figure(figsize=_page_size(len(titles)), layout="constrained")
        panels, _ = grid(fig, len(titles))
        for ax, (cell, title) in zip(panels, titles.items(), strict=True):
            ax.set_title(style.in_lines(title), fontsize=style.NORMAL)
            _draw_cell(ax, rows[rows["cell"] == cell], tolerance)
        panels[0].set_ylim(_limits(rows, tolerance))
        ticks.size_axis(panels[0], rows["n_ratings"])
        ticks.ratio_axis(panels[0], tolerance)
        fig.supxlabel(SIZE_LABEL)
        fig.supylabel("measured / predicted risk")
        fig.legend(
            handles=_entries(rows, tolerance),
            title=shared_title(rows),
            loc="outside upper center",
            ncols=3 if several else 1,
        )
    return fig


def _page_size(n_cells: int) -> tuple[float, float]:
    if n_cells == 1:
        return style.COLUMN_WIDTH, 3.4
    rows = math.ceil(n_cells / columns_for(n_cells))
    return style.TEXT_WIDTH, 0.9 + 1.2 * rows


def _draw_cell(ax: Axes, rows: pd.DataFrame, tolerance: float) -> None:
    ax.axhspan(1 / tolerance, tolerance, color=style.WINDOW_GREY, linewidth=0, zorder=0)
    judged = rows.loc[rows["upper_half"].astype(bool), "n_ratings"]
    if not judged.empty:
        left, right = judged.min() / 2**0.4, judged.max() * 2**0.4
        corner, height = (left, 1 / tolerance), tolerance - 1 / tolerance
        box = Rectangle(corner, right - left, height, color=style.UPPER_GREY, lw=0, zorder=0.5)
        ax.add_patch(box)
    ax.axhline(1.0, **style.AGREEMENT)
    for arm, points in style.arms_of(rows):
        mark = _TOWERS if arm == arms.ERM else _REFERENCE
        points = points.sort_values("n_ratings")
        x = points["n_ratings"] * _APART[arm]
        values = [points[name].to_numpy(float) for name in ("ratio", "ratio_low", "ratio_high")]
        style.draw_points(ax, mark, x, *values)
        if arm == arms.ERM:
            other = ~points["upper_half"].astype(bool)
            above = {"linestyle": "none", "zorder": mark.zorder + 0.5}
            look = mark.line() | _OTHER_SIZES | above
            ax.plot(x[other], points.loc[other, "ratio"], **look)


def _limits(rows: pd.DataFrame, tolerance: float) -> tuple[float, float]:
    """Of the y axis: all points, and the bars of those judged; bars of small sizes may be cut."""
    judged = rows[rows["upper_half"].astype(bool) & (rows["arm"] == arms.ERM)]
    shown = pd.concat([rows["ratio"], judged["ratio_low"], judged["ratio_high"]])
    return min(shown.min(), 1 / tolerance) / 1.08, max(shown.max(), tolerance) * 1.08


def _entries(rows: pd.DataFrame, tolerance: float) -> list:
    towers, reference = _TOWERS.line(), _REFERENCE.line()
    entries = []
    if (rows["arm"] == arms.ERM).any():
        entries.append(Line2D([], [], label=f"{style.TWO_TOWERS}, judged", **towers))
        other = towers | _OTHER_SIZES
        entries.append(Line2D([], [], label="two towers, other sizes", **other))
    if (rows["arm"] == arms.REFERENCE).any():
        entries.append(Line2D([], [], label="reference, not judged", **reference))
    return [
        *entries,
        Patch(facecolor=style.UPPER_GREY, label=f"judged: upper half, within {tolerance:g}×"),
        Patch(facecolor=style.WINDOW_GREY, label=f"within a factor {tolerance:g}"),
        Line2D([], [], label="as predicted", **style.AGREEMENT),
    ]
