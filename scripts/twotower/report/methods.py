"""Towers beside other methods: all learning curves, and the risk on new users and items."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from twotower.data.groups import PAIR_KINDS
from twotower.report import style, ticks
from twotower.report.curves import (
    PREDICTION,
    PREDICTION_LABEL,
    RISK_LABEL,
    SIZE_LABEL,
    draw_predictions,
    shared_title,
)
from twotower.study import arms
from twotower.study.labels import cell_titles, shared_settings

_FAMILIES = {
    "identities alone": (arms.GLOBAL_MEAN, *arms.IDENTITY_METHODS),
    "covariates alone": (arms.JOINT, *arms.COVARIATE_METHODS),
}
_SHOWN = (*arms.TOWER_ARMS, arms.REFERENCE)
_KIND_TEXT = ("both\nknown", "user\nnew", "item\nnew", "both\nnew")
_PAST_TEXT = {
    "user_past_0": "0",
    "user_past_1_5": "1–5",
    "user_past_6_20": "6–20",
    "user_past_more": "more",
}
_GAP = 1.35 * style.SMALL  # points between the names of two lines
_SAME = 0.01  # methods whose last risks differ by less share a name


def methods(curves: pd.DataFrame) -> Figure:
    """Risk against number of ratings: a row for each cell, a panel for each kind of knowledge.

    Towers and the reference stand in every panel; each line is named at its end.

    Raises:
        ValueError: if `curves` is empty, or has an arm without a mark.
    """
    if curves.empty:
        raise ValueError("the curves frame is empty: nothing to draw")
    curves = curves.drop_duplicates(["cell", "arm", "n_ratings"])
    compared = curves.loc[curves["arm"].isin(arms.COMPARATORS), "cell"]
    curves = curves[curves["cell"].isin(compared)] if len(compared) else curves
    titles = cell_titles(curves, without=shared_settings(curves))
    with style.paper_style():
        size = style.TEXT_WIDTH, 0.9 + 2.5 * len(titles)
        fig = Figure(figsize=size, layout="constrained")
        grid = fig.subplots(len(titles), 2, sharex=True, sharey=True, squeeze=False)
        for row, (cell, title) in zip(grid, titles.items(), strict=True):
            for ax, (family, members) in zip(row, _FAMILIES.items(), strict=True):
                ax.set(xscale="log", yscale="log")
                ax.spines[["top", "right"]].set_visible(False)
                _curves(ax, curves[curves["cell"] == cell], members)
                lines = [style.in_lines(title)] * bool(title) + [f"methods that know {family}"]
                ax.set_title("\n".join(lines))
        ticks.size_axis(grid[0, 0], curves["n_ratings"])
        ticks.risk_axis(grid[0, 0])
        for row in grid:
            for ax in row:
                ax.tick_params(labelbottom=True, labelleft=True)
                _name_ends(ax)
        fig.supxlabel(SIZE_LABEL)
        fig.supylabel(RISK_LABEL)
        handles = [
            Line2D([], [], label=_tower_label(arm), **style.arm_mark(arm).line())
            for arm in _SHOWN
            if (curves["arm"] == arm).any()
        ]
        handles.append(Line2D([], [], label=PREDICTION_LABEL, **PREDICTION))
        legend = {"handles": handles, "title": shared_title(curves)}
        fig.legend(loc="outside upper center", ncols=len(handles), **legend)
    return fig


def newcomers(table: pd.DataFrame) -> Figure:
    """Risk by what is known of a pair, a row for each cell: users and items known or new on the
    left, the user's number of ratings on the right, where the item is known.

    Raises:
        ValueError: if an arm has no mark.
    """
    if table.empty:
        return style.message_figure("No cell of this study knows users and items.")
    titles = cell_titles(table)
    with style.paper_style():
        size = style.TEXT_WIDTH, 0.5 + 2.7 * len(titles)
        fig = Figure(figsize=size, layout="constrained")
        grid = fig.subplots(len(titles), 2, sharey=True, squeeze=False)
        for row, (cell, title) in zip(grid, titles.items(), strict=True):
            here = table[table["cell"] == cell]
            panels = (
                (PAIR_KINDS, _KIND_TEXT, "user and item"),
                (tuple(_PAST_TEXT), tuple(_PAST_TEXT.values()), "ratings of the user, item known"),
            )
            for ax, (groups, names, label) in zip(row, panels, strict=True):
                ax.set_yscale("log")
                ax.spines[["top", "right"]].set_visible(False)
                _groups(ax, here, groups)
                ax.set_xticks(range(len(groups)), names)
                ax.set_xlim(-0.3, len(groups) - 0.7)
                ax.set_xlabel(label)
            n = int(here["n_ratings"].max())
            row[0].set_title(f"{title + ', ' if title else ''}n = {n:,}")
        ticks.risk_axis(grid[0, 0])
        for ax in grid.flat:
            _name_ends(ax)
        fig.supylabel(RISK_LABEL)
    return fig


def _tower_label(arm: str) -> str:
    return f"towers ({arm})" if arm in arms.TOWER_ARMS else arms.label(arm)


def _curves(ax: Axes, curves: pd.DataFrame, members: tuple[str, ...]) -> None:
    for arm, points in style.arms_of(curves[curves["arm"].isin((*_SHOWN, *members))]):
        points = points.sort_values("n_ratings")
        _line(ax, arm, points["n_ratings"], points, "mean_risk", named=arm in members)
    draw_predictions(ax, curves[curves["arm"].isin(_SHOWN)])


def _groups(ax: Axes, table: pd.DataFrame, groups: tuple[str, ...]) -> None:
    for arm, rows in style.arms_of(table):
        rows = rows.set_index("group").reindex(groups)
        _line(ax, arm, np.arange(len(groups)), rows, "risk", named=True)


def _line(ax: Axes, arm: str, x, rows: pd.DataFrame, name: str, named: bool) -> None:
    """Means with intervals; other methods are thinner than towers, the reference has no line."""
    look = style.arm_mark(arm).line()
    look |= {"linewidth": 2.0 if arm == arms.ERM else 0.9}
    look |= {"label": arms.label(arm) if named else "_"}
    y, low, high = (rows[each].to_numpy(float) for each in (name, "risk_low", "risk_high"))
    bars = np.abs([y - low, high - y])
    ax.errorbar(np.asarray(x), y, np.nan_to_num(bars), elinewidth=0.7, **look)


def _name_ends(ax: Axes) -> None:
    """The name of each line beyond its last point, moved apart where they would overlap."""
    ax.figure.draw_without_rendering()
    ends: list[tuple[float, list[str], str]] = []
    for container in ax.containers:
        line, name = container.lines[0], container.get_label()
        y = line.get_ydata()
        if name.startswith("_") or not np.isfinite(y).any():
            continue
        last = float(y[np.isfinite(y)][-1])
        same = [end for end in ends if abs(np.log(end[0] / last)) < _SAME]
        if same:
            same[0][1].append(name)
        else:
            ends.append((last, [name], line.get_color()))
    ends.sort(key=lambda end: end[0])
    points = 72 / ax.figure.dpi
    heights = [ax.transData.transform((1, y))[1] * points for y, _, _ in ends]
    places = _apart(heights, _GAP)
    for (y, names, color), height, place in zip(ends, heights, places, strict=True):
        text = ", ".join(names) if len(names) < 4 else f"all {len(names)} methods"
        ax.annotate(
            text,
            xy=(1, y),
            xycoords=("axes fraction", "data"),
            xytext=(5, place - height),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL,
            color=style.BLACK if len(names) > 1 else color,
            annotation_clip=False,
        )


def _apart(heights: list[float], gap: float) -> list[float]:
    """Heights, sorted, moved as little as keeps each `gap` from the next: runs are centred."""
    runs: list[list[float]] = []
    for height in heights:
        runs.append([height])
        while len(runs) > 1 and _first(runs[-1], gap) < _first(runs[-2], gap) + gap * len(runs[-2]):
            last = runs.pop()
            runs[-1] += last
    return [_first(run, gap) + gap * place for run in runs for place in range(len(run))]


def _first(run: list[float], gap: float) -> float:
    return sum(run) / len(run) - gap * (len(run) - 1) / 2
