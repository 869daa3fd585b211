"""The picture of a diagnosis: the parts of the error, and what purchases take off it."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from twotower.diagnosis.kinds import kind
from twotower.diagnosis.kinds.kind import Kind
from twotower.report import style

_LOOKS = {
    "noise floor": (style.UPPER_GREY, ""),
    "estimation": (style.BLUE, "///"),
    "approximation": (style.ORANGE, "\\\\\\\\"),
    "rank": (style.GREEN, "..."),
    "optimization": (style.VERMILION, "xxx"),
}
"""Colour and hatching of each part: either tells it from the others."""


def draw(parts: pd.DataFrame, worth: pd.DataFrame, of: Kind = kind.RATINGS) -> Figure:
    """Above, the parts as one stacked bar; below left, each with its interval; right, purchases.

    Where what can be bought leads, as of clicks, the noise floor stands in the stacked bar alone:
    beside it no other part could be seen.

    Args:
        parts: `part`, `estimate`, `low`, `high`, and `truth` where it is known.
        worth: `purchase`, `gain`, `low`, `high`.
    """
    with style.paper_style():
        fig = Figure(figsize=(style.TEXT_WIDTH, 3.4), layout="constrained")
        axes = fig.subplot_mosaic([["bar", "bar"], ["parts", "worth"]], height_ratios=[0.6, 2.4])
        error = of.loss + (f" ({of.unit.strip()})" if of.unit else "")
        _stacked(axes["bar"], parts, f"held-out {error}")
        if of.leads == "buy":
            parts = parts[parts["part"] != "noise floor"]
        ax = axes["parts"]
        for place, row in enumerate(parts.itertuples()):
            color, hatch = _LOOKS[row.part]
            ax.barh(place, row.estimate, color=color, hatch=hatch, edgecolor="white", height=0.7)
        _intervals(ax, parts["estimate"], parts)
        if "truth" in parts:
            ax.plot(parts["truth"], np.arange(len(parts)), "D", color=style.BLACK,
                    markerfacecolor="white", markersize=4, zorder=5, label="truth")  # fmt: skip
            ax.legend(loc="best")
        ax.set_yticks(range(len(parts)), parts["part"])
        ax.set_xlabel(f"part of the held-out {error}")
        ax = axes["worth"]
        ax.axvline(0.0, color=style.GUIDE_GREY, linewidth=0.8)
        ax.plot(worth["gain"], np.arange(len(worth)), "o", color=style.BLACK, markersize=4)
        _intervals(ax, worth["gain"], worth)
        ax.set_yticks(range(len(worth)), worth["purchase"])
        ax.set_xlabel(f"{error} taken off\n(below 0: added)")
        for name in ("parts", "worth"):
            axes[name].invert_yaxis()
            axes[name].spines[["top", "right"]].set_visible(False)
    return fig


def _stacked(ax: Axes, parts: pd.DataFrame, label: str) -> None:
    left = 0.0
    for row in parts.itertuples():
        color, hatch = _LOOKS[row.part]
        width = max(row.estimate, 0.0)
        ax.barh(0, width, left=left, color=color, hatch=hatch, edgecolor="white", label=row.part)
        left += width
    ax.set_yticks([])
    ax.set_xlim(0, left)
    ax.set_xlabel(label)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(parts))


def _intervals(ax: Axes, values: pd.Series, rows: pd.DataFrame) -> None:
    bars = [values - rows["low"], rows["high"] - values]
    places = np.arange(len(rows))
    ax.errorbar(values, places, xerr=np.maximum(bars, 0.0), fmt="none", ecolor=style.BLACK,
                elinewidth=0.9, capsize=2.5, zorder=4)  # fmt: skip
