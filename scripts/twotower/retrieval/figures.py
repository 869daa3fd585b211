"""Recall against latency of each index, and latency against the size of the catalogue."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from twotower.report import style
from twotower.retrieval import tables
from twotower.retrieval.indexes import EXACT, INDEXES

MOST_PANELS = 4

# Exact search is a hollow square, as the reference is in other figures.
MARKS = {
    EXACT: style.Mark(style.BLACK, "s", "-", hollow=True, markersize=5.4),
    "ivf": style.Mark(style.BLUE, "o", "-", markersize=3.4),
    "ivf_sq8": style.Mark(style.GREEN, "D", "-.", markersize=3.2),
    "ivf_raw": style.Mark(style.ORANGE, "v", ":", markersize=4.0),
    "hnsw": style.Mark(style.VERMILION, "^", "--", markersize=4.0),
}


def retrieval(frame: pd.DataFrame, k: int) -> Figure:
    """A row of panels a case: recall against latency by catalogue, then latency against its size.

    Args:
        frame: see `twotower.retrieval.tables`.
        k: items that each user is shown.
    """
    cases = list(frame["case"].unique())
    with style.paper_style():
        fig = Figure(
            figsize=(style.TEXT_WIDTH, 0.3 + 1.75 * (len(cases) + 1)), layout="constrained"
        )
        *rows, last = fig.subfigures(len(cases) + 1, 1, squeeze=False)[:, 0]
        for part, case in zip(rows, cases, strict=True):
            _recall_row(part, frame[frame["case"] == case], case, k)
        panels = last.subplots(1, len(cases), sharey=True, squeeze=False)[0]
        for ax, case in zip(panels, cases, strict=True):
            _latency_panel(ax, frame[frame["case"] == case], case)
        panels[0].set_ylabel("latency (ms)")
        entries = [
            Line2D([], [], label=INDEXES[kind].words, **MARKS[kind].line())
            for kind in MARKS
            if (frame["kind"] == kind).any()
        ]
        fig.legend(handles=entries, loc="outside upper center", ncols=len(entries))
    return fig


def _recall_row(part: SubFigure, rows: pd.DataFrame, case: str, k: int) -> None:
    sizes = sorted(rows["items"].unique())
    sizes = [size for size in sizes if size in _decades(sizes)][-MOST_PANELS:]
    panels = part.subplots(1, len(sizes), sharex=True, sharey=True, squeeze=False)[0]
    for ax, size in zip(panels, sizes, strict=True):
        here = rows[rows["items"] == size]
        ax.axhline(tables.ENOUGH, color=style.GUIDE_GREY, linewidth=0.8, linestyle=":")
        for kind in MARKS:
            points = tables.front(here[here["kind"] == kind])
            ax.plot(1000 * points["median"], points["recall"], **MARKS[kind].line())
        _milliseconds(ax, "x")
        ax.set_ylim(-0.03, 1.06)
        ax.set_title(f"{size:,} items")
    style.note(panels[-1], f"{tables.ENOUGH:g}", tables.ENOUGH, outside=True)
    panels[0].set_ylabel(f"recall@{k}")
    part.supxlabel("latency of a single search (ms of the processor)")
    part.suptitle(case, fontsize=style.LARGE, fontweight="bold")


def _latency_panel(ax: Axes, rows: pd.DataFrame, case: str) -> None:
    for kind, part in tables.fastest(rows).groupby("kind"):
        ax.plot(part["items"], 1000 * part["median"], **MARKS[kind].line())
    ax.set_xscale("log")
    _milliseconds(ax, "y")
    at = tables.pays_from(rows)
    if 0 < at < float("inf"):
        ax.axvline(at, color=style.GUIDE_GREY, linewidth=0.8, linestyle=":")
    text = tables.pays_text(at, rows["items"])
    ax.annotate(
        f"approximate search pays\n{text}",
        (0.03, 0.95),
        xycoords="axes fraction",
        va="top",
        fontsize=style.SMALL,
        color=style.TEXT_GREY,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
    )
    ax.set_xlabel("items in the catalogue")
    ax.set_title(f"{case}: at recall ≥ {tables.ENOUGH:g}")


def _decades(sizes: list[int]) -> set[int]:
    return {size for size in sizes if set(str(size)) <= {"0", "1"} and str(size).count("1") == 1}


def _milliseconds(ax: Axes, name: str) -> None:
    axis = getattr(ax, f"{name}axis")
    getattr(ax, f"set_{name}scale")("log")
    axis.set_major_locator(LogLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
