"""Figures on real ratings: learning curves, cold start, predicted and measured slopes."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter

from twotower.real.scores import ALL, QUADRANTS
from twotower.real.tables import BUCKETS, Seen
from twotower.report import style

RMSE_LABEL = "test RMSE (stars)"
_SEES = {
    "ratings": style.Mark(style.BLACK, "v", "none", hollow=True),
    "ids": style.Mark(style.VERMILION, "s", "none", hollow=True),
    "covariates": style.Mark(style.BLUE, "o", "none"),
    "covariates and ids": style.Mark(style.GREEN, "D", "none"),
}


def learning_curves(summary: pd.DataFrame, seen: Seen) -> Figure:
    """RMSE on random splits against the number of training ratings, in two panels.

    Left the methods without covariates, right those with; the best of the left, by its mean at all
    ratings, is repeated in the right panel in grey.
    """
    part = summary[
        (summary["kind"] == "random") & (summary["group"] == ALL) & (summary["metric"] == "rmse")
    ]
    names = [name for name in seen.methods if (part["method"] == name).any()]
    blind = [name for name in names if name in seen.without_covariates()]
    full = part[part["fraction"] == 1.0].set_index("method")["mean"]
    with style.paper_style():
        fig = Figure(figsize=(style.TEXT_WIDTH, 3.6), layout="constrained")
        panels = fig.subplots(1, 2, sharex=True, sharey=True)
        for ax, title, own in (
            (panels[0], "without covariates", blind),
            (panels[1], "with covariates", [name for name in names if name not in blind]),
        ):
            ax.set_xscale("log", base=2)
            if ax is panels[1] and blind:
                best = full[blind].idxmin()
                label = f"{best} (from the left)"
                line = part[part["method"] == best].sort_values("n_train")
                ax.plot(line["n_train"], line["mean"], color=style.GUIDE_GREY, label=label)
            for place, name in enumerate(own):
                mark = style.series_mark(place, dashes=True)
                points = part[part["method"] == name].sort_values("n_train")
                columns = [points[key].to_numpy(float) for key in ("mean", "low", "high")]
                style.draw_points(ax, mark, points["n_train"], *columns)
                ax.plot([], [], label=name, **mark.line())
            ax.set_title(title)
            ax.spines[["top", "right"]].set_visible(False)
            ax.set_xlabel("training ratings (1/16 to all)")
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3, columnspacing=1.2)
        sizes = np.sort(part["n_train"].unique())
        panels[0].xaxis.set_major_locator(FixedLocator(sizes))
        panels[0].xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:,.0f}"))
        panels[0].xaxis.set_minor_formatter(NullFormatter())
        panels[0].set_ylabel(RMSE_LABEL)
    return fig


def cold_start(summary: pd.DataFrame, seen: Seen) -> Figure:
    """RMSE by what training has seen: a panel for each quadrant and group of past ratings."""
    part = summary[(summary["metric"] == "rmse") & (summary["fraction"] == 1.0)]
    rows = (("cold", QUADRANTS, "{}"), ("few", BUCKETS, "{}\nof the user"))
    names = [name for name in seen.methods if (part["method"] == name).any()]
    with style.paper_style():
        fig = Figure(figsize=(style.TEXT_WIDTH, 0.9 + 0.28 * len(names)), layout="constrained")
        grid = fig.subplots(2, 4, sharey=True, sharex="row")
        for axes, (kind, groups, title) in zip(grid, rows, strict=True):
            for ax, group in zip(axes, groups, strict=True):
                own = part[(part["kind"] == kind) & (part["group"] == group)].set_index("method")
                _forest(ax, own, names, seen)
                ax.set_title(title.format(group).replace(", ", ",\n"))
                ax.xaxis.set_major_locator(MaxNLocator(4))
            axes[0].set_yticks(range(len(names)), names)
            axes[0].set_ylim(len(names) - 0.4, -0.6)
        fig.supxlabel(RMSE_LABEL)
        fig.legend(handles=_handles(seen, names), loc="outside upper center", ncols=4)
    return fig


def slopes(fits: pd.DataFrame, seen: Seen) -> Figure:
    """Fitted rates with their intervals against the predicted range, in grey."""
    with style.paper_style():
        if fits.empty:
            return style.message_figure("Too few sizes for a rate and a floor.")
        fig = Figure(figsize=(style.COLUMN_WIDTH, 1.2 + 0.18 * len(fits)), layout="constrained")
        ax = fig.subplots()
        low, high = fits[["predicted_low", "predicted_high"]].iloc[0]
        ax.axvspan(low, high, color=style.WINDOW_GREY, linewidth=0, zorder=0)
        for place, row in enumerate(fits.itertuples()):
            mark = _SEES[seen.text(row.method)]
            look = mark if row.told_apart else style.pale(mark)
            values = [np.array([v]) for v in (row.rate, row.rate_low, row.rate_high)]
            _points(ax, look, place, *values)
        ax.set_yticks(range(len(fits)), fits["method"])
        ax.set_ylim(len(fits) - 0.4, -0.6)
        ax.set_xlabel("rate a of  floor + c·n$^{-a}$")
        ax.spines[["top", "right"]].set_visible(False)
        grey = Patch(facecolor=style.WINDOW_GREY, label="predicted range")
        pale = Line2D([], [], label="pale: floor and rate not told apart", linestyle="none")
        handles = [*_handles(seen, list(fits["method"])), grey, pale]
        fig.legend(handles=handles, loc="outside upper center", ncols=2)
    return fig


def _forest(ax: Axes, own: pd.DataFrame, names: list[str], seen: Seen) -> None:
    """A point with its interval for each method, a row each."""
    for place, name in enumerate(names):
        if name in own.index:
            values = own.loc[[name], ["mean", "low", "high"]].to_numpy(float).T
            _points(ax, _SEES[seen.text(name)], place, *values)
    ax.grid(axis="y", color=style.WINDOW_GREY, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def _points(ax: Axes, mark: style.Mark, place: int, value, low, high) -> None:
    """A point at (value, place) with a bar along x."""
    bars = np.nan_to_num(np.abs([value - low, high - value]))
    ax.errorbar(value, [place], xerr=bars, elinewidth=0.8, **mark.line())


def _handles(seen: Seen, names: list[str]) -> list[Line2D]:
    kinds = {seen.text(name) for name in names}
    return [
        Line2D([], [], label=f"sees {kind}", **mark.line())
        for kind, mark in _SEES.items()
        if kind in kinds
    ]
