"""What can be known and what errors are made of: falsifiability map, error budget, lemmas.

Each function takes one table of results/tables.
"""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import NullFormatter

from twotower.report import style
from twotower.study.labels import cell_titles, dim_text, size_text, smoothness_text

# ---------------------------------------------------------------- falsifiability

# Class → colour and sign; the signs tell them apart in grey print as well.
_CLASSES = {
    "a slope could contradict the bound": (style.BLUE, ""),
    "out of reach: more ratings needed, or d > 4": ("#A9CDE4", "–"),
    "masked by (log n)²": (style.WINDOW_GREY, "×"),
}


def falsifiability_classes(table: pd.DataFrame) -> np.ndarray:
    """Position in `_CLASSES` of each row, shape [rows]: masked before out of reach."""
    masked = ~table["falsifiable"].to_numpy(bool)
    return np.where(masked, 2, np.where(table["in_reach"].to_numpy(bool), 0, 1))


def falsifiability(table: pd.DataFrame) -> Figure:
    """Where the bound can be contradicted at all: smoothness × dimension, a panel per window."""
    table = table.assign(kind=falsifiability_classes(table))
    windows = list(table.groupby(["n_min", "n_max"]))
    columns = 2 if len(windows) > 1 else 1
    rows = math.ceil(len(windows) / columns)
    width = style.TEXT_WIDTH if columns == 2 else style.COLUMN_WIDTH
    with style.paper_style():
        fig = Figure(figsize=(width, 0.6 + 1.5 * rows), layout="constrained")
        grid = fig.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for ax in grid.flat[len(windows) :]:
            ax.set_axis_off()
        colors = ListedColormap([color for color, _ in _CLASSES.values()])
        for ax, ((low, high), part) in zip(grid.flat, windows, strict=False):
            kinds = part.pivot(index="smoothness", columns="intrinsic_dim", values="kind")
            ax.pcolormesh(kinds.to_numpy(), cmap=colors, vmin=0, vmax=2, edgecolor="white")
            _write_signs(ax, kinds.to_numpy())
            ax.set_xticks(np.arange(kinds.shape[1]) + 0.5, [dim_text(d) for d in kinds.columns])
            ax.set_yticks(
                np.arange(kinds.shape[0]) + 0.5, [smoothness_text(b) for b in kinds.index]
            )
            ax.tick_params(length=0)
            ax.spines[:].set_visible(False)
            ax.set_title(f"{size_text(low)} to {size_text(high)} ratings")
        fig.supxlabel("larger intrinsic dimension d")
        fig.supylabel("smoothness β")
        entries = [
            Patch(facecolor=color, label=f"{sign}  {name}" if sign else name)
            for name, (color, sign) in _CLASSES.items()
        ]
        fig.legend(handles=entries, loc="outside upper center", ncols=len(entries))
    return fig


def _write_signs(ax: Axes, kinds: np.ndarray) -> None:
    signs = [sign for _, sign in _CLASSES.values()]
    for (row, column), kind in np.ndenumerate(kinds):
        place = column + 0.5, row + 0.5
        ax.annotate(signs[kind], place, ha="center", va="center", color=style.TEXT_GREY)


# ---------------------------------------------------------------- error budget

_PARTS = {  # part → colour, hatching
    "approximation": (style.SKY, ""),
    "estimation": (style.ORANGE, "////"),
    "optimization": (style.VERMILION, "xxxx"),
}


def error_budget(table: pd.DataFrame) -> Figure:
    """What the risk of erm is made of: a bar of shares per cell, its risk at the bar's end.

    Confirmatory cells alone, where there are any. Where the parts are more than the whole (the
    rest was negative and set to 0) they are drawn as shares of their sum.
    """
    if table.empty:
        return style.message_figure("No cell was run from all the starts that a budget needs.")
    confirmatory = table["confirmatory"].astype(bool)
    table = table[confirmatory] if confirmatory.any() else table
    titles = cell_titles(table)
    shares = table.set_index("cell")[[f"{part}_share" for part in _PARTS]].loc[list(titles)]
    shares = shares.div(shares.sum(axis=1), axis=0)
    risks = table.set_index("cell")["mean_risk"].loc[list(titles)]
    with style.paper_style():
        size = style.TEXT_WIDTH * 0.8, 1.0 + 0.19 * len(titles)
        fig = Figure(figsize=size, layout="constrained")
        ax = fig.subplots()
        places = np.arange(len(titles))
        left = np.zeros(len(titles))
        for part, (color, hatch) in _PARTS.items():
            width = shares[f"{part}_share"].to_numpy(float)
            look = {"color": color, "hatch": hatch, "edgecolor": "white", "linewidth": 0.5}
            ax.barh(places, width, left=left, height=0.72, label=part, **look)
            left += width
        for place, risk in enumerate(risks):
            ax.annotate(f" {risk:.2g}", (1.0, place), va="center", fontsize=style.SMALL)
        ax.annotate(" risk", (1.0, -0.75), va="bottom", fontsize=style.SMALL, color=style.TEXT_GREY)
        ax.set_yticks(places, list(titles.values()))
        ax.set_ylim(len(titles) - 0.4, -0.6)
        ax.set_xlim(0, 1)
        ax.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        ax.tick_params(axis="y", length=0)
        ax.spines[:].set_visible(False)
        sizes = sorted(table["n_ratings"].unique())
        at = " to ".join(size_text(size) for size in dict.fromkeys((sizes[0], sizes[-1])))
        ax.set_xlabel(f"share of the risk at {at} ratings")
        fig.legend(loc="outside upper center", ncols=len(_PARTS))
    return fig


# ---------------------------------------------------------------- lemmas

_LEMMAS = {
    1: "change of scores /\nwhat rounding allows",
    2: "Lipschitz ratio / its bound",
    3: "logarithms needed / allowed",
}
_LEMMA_AXES = {1: "hidden layers", 2: "hidden layers", 3: ""}


def lemmas(table: pd.DataFrame) -> Figure:
    """Share of what each lemma allows that random networks used; above 1 it is violated.

    Lemmas 1 and 2 by depth and kind of case: points are the worst width, bars reach down to the
    best. Lemma 3 by smoothness and dimension. Shares of exactly 0 are not drawn.
    """
    shown = [lemma for lemma in _LEMMAS if (table["lemma"] == lemma).any()]
    if not shown:
        return style.message_figure("No lemma was checked in this study.")
    table = table.assign(kind=table["case"].str.partition(",")[0])
    with style.paper_style():
        fig = Figure(figsize=(style.TEXT_WIDTH, 3.2), layout="constrained")
        axes = fig.subplots(1, len(shown), squeeze=False)[0]
        for ax, lemma in zip(axes, shown, strict=True):
            passed = table.loc[table["lemma"] == lemma, "passed"].astype(bool)
            title = f"Lemma {lemma}: {passed.sum()} of {len(passed)} hold"
            rows = table[(table["lemma"] == lemma) & (table["ratio"] > 0)]
            names = _lemma_places(rows)
            _draw_lemma(ax, rows.assign(place=names.map(list(dict.fromkeys(names)).index)))
            places = list(dict.fromkeys(names))
            ax.set_xticks(range(len(places)), places)
            ax.set(title=title, ylabel=_LEMMAS[lemma], xlabel=_LEMMA_AXES[lemma])
            ax.set_yscale("log")
            ax.axhline(1.0, color=style.BLACK, linewidth=0.8)
            low, _ = ax.get_ylim()
            ax.set_ylim(min(low, 0.01), 3.0)
            ax.yaxis.set_minor_formatter(NullFormatter())
            ax.spines[["top", "right"]].set_visible(False)
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), handlelength=1.2)
    return fig


def _lemma_places(rows: pd.DataFrame) -> pd.Series:
    """What stands below the x axis for each row: its depth, or its β and d."""
    if rows["smoothness"].isna().all():
        return rows["depth"].map("{:g}".format)
    betas, dims = rows["smoothness"].map(smoothness_text), rows["intrinsic_dim"].map(dim_text)
    return "β=" + betas + "\nd=" + dims


def _draw_lemma(ax: Axes, rows: pd.DataFrame) -> None:
    for position, kind in enumerate(dict.fromkeys(rows["kind"])):
        by_place = rows[rows["kind"] == kind].groupby("place")["ratio"]
        worst, best = by_place.max(), by_place.min()
        mark = style.series_mark(position)
        look = mark.line() | {"linestyle": "none"}
        ax.errorbar(worst.index, worst, [worst - best, 0 * worst], elinewidth=0.8, **look)
        ax.plot([], [], label=kind, **look)
