"""The figure of components: how much of the best lists embeddings of each number of them hold."""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from twotower.evaluation.component_metrics import BEST, FREE
from twotower.report import style
from twotower.study import arms
from twotower.study.labels import betas_text, by_side, dims_text, size_text

MAX_ROWS = 4
"""Kinds of targets that are drawn, a row of panels each."""


def figure(lists: pd.DataFrame) -> Figure:
    """Recall@k, and the regret of one k, against the number of components: a row for each kind.

    Args:
        lists: as of `analyses.components`. Of several arms the first one in the order of legends
            is drawn, and of several k the regret of the one in the middle.
    """
    large = lists[lists["source"] != FREE]
    large = large[large["items"] == large["items"].max()]
    kinds, ks = list(lists["data"].unique())[:MAX_ROWS], sorted(lists["k"].unique())
    fitted = style.arms_of(large[large["source"] != BEST].assign(arm=lambda f: f["source"]))
    towers = fitted[0][1] if fitted else large.iloc[:0]
    marks = _marks(sorted(towers["n_ratings"].unique()))
    panels = [("recall", k) for k in ks] + [("regret", ks[len(ks) // 2])]
    with style.paper_style():
        fig = Figure(figsize=(style.TEXT_WIDTH, 0.8 + 1.5 * len(kinds)), layout="constrained")
        grid = fig.subplots(len(kinds), len(panels), sharex=True, sharey="col", squeeze=False)
        for axes, kind in zip(grid, kinds, strict=True):
            for ax, (metric, k) in zip(axes, panels, strict=True):
                here = large[(large["data"] == kind) & (large["k"] == k)]
                _draw(ax, here[here["source"] == BEST], metric, _BEST)
                own = towers[(towers["data"] == kind) & (towers["k"] == k)]
                for n, mark in marks.items():
                    _draw(ax, own[own["n_ratings"] == n], metric, mark)
            axes[0].set_ylabel(_title(lists[lists["data"] == kind].iloc[0]))
        for ax, (metric, k) in zip(grid[0], panels, strict=True):
            ax.set_title(f"{metric}@{k}" + ", in sd of R*" * (metric == "regret"))
            low, high = (-0.03, 1.03) if metric == "recall" else (0.0, ax.get_ylim()[1])
            ax.set_ylim(low, high)
        grid[0][0].set(xscale="log")
        _dims_axis(grid[0][0], sorted(large["embedding_dim"].unique()))
        fig.supxlabel("components p of the embeddings")
        name = arms.label(fitted[0][0]) if fitted else ""
        entries = [Line2D([], [], label="best possible", **_BEST.line())]
        entries += [
            Line2D([], [], label=f"{name}, {size_text(n)} ratings", **mark.line())
            for n, mark in marks.items()
        ]
        fig.legend(handles=entries, loc="outside upper center", ncols=min(5, len(entries)))
    return fig


_BEST = style.Mark(style.BLACK, "s", "-", hollow=True, markersize=3.6)


def _marks(sizes: list[float]) -> dict[int, style.Mark]:
    """Marks of the sizes: the more ratings, the darker."""
    colors = sns.color_palette("YlGnBu", len(sizes) + 2).as_hex()[2:]
    shapes = [style.series_mark(place).marker for place in range(len(sizes))]
    return {
        int(n): style.Mark(color, shape, "-")
        for n, color, shape in zip(sizes, colors, shapes, strict=True)
    }


def _title(row: pd.Series) -> str:
    texts = [by_side("β", betas_text(row)), by_side("d", dims_text(row))]
    return f"{', '.join(texts)},\nrank {row['rank']:g}"


def _dims_axis(ax: Axes, dims: list[int]) -> None:
    """Ticks at powers of 2, the most that have room."""
    powers = [dim for dim in dims if dim & (dim - 1) == 0]
    ax.xaxis.set_major_locator(FixedLocator(powers[:: 1 + len(powers) // 5]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda dim, _: f"{dim:g}"))


def _draw(ax: Axes, points: pd.DataFrame, metric: str, mark: style.Mark) -> None:
    ax.spines[["top", "right"]].set_visible(False)
    points = points.sort_values("embedding_dim")
    values = [points[f"{metric}{end}"].to_numpy(float) for end in ("", "_low", "_high")]
    style.draw_points(ax, mark, points["embedding_dim"], *values)
