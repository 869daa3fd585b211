"""The look of every figure: sizes, fonts, one colour, marker and line per arm; and its bytes.

Each arm of towers differs from the others in colour, marker *and* line style, so that a figure
survives grey print and colour blindness. Colours are those of M. Okabe and K. Ito, *Color Universal
Design* (2008). The style starts from matplotlib's defaults, never from the reader's matplotlibrc.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib.style
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from twotower.base.files import atomic_write
from twotower.study import arms

COLUMN_WIDTH = 3.3  # inches: one column of a two-column page
TEXT_WIDTH = 6.9  # inches: both columns

BLACK, BLUE, VERMILION = "#000000", "#0072B2", "#D55E00"
GREEN, ORANGE, PURPLE, SKY = "#009E73", "#E69F00", "#CC79A7", "#56B4E9"
GUIDE_GREY, TEXT_GREY = "#8C8C8C", "#595959"
WINDOW_GREY, UPPER_GREY = "#EDEDED", "#D4D4D4"  # grounds: sizes fitted, and what is judged

TWO_TOWERS = "two towers (erm)"
"""What figures of towers alone call them."""
AGREEMENT = {"color": GUIDE_GREY, "linewidth": 0.8, "linestyle": "--", "zorder": 1.0}
"""The line on which what is compared agrees."""

# Points. The smallest is still legible at column width, where figures are printed unscaled.
SMALL, NORMAL, LARGE = 6.5, 7.0, 8.0

_PAPER = {
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same glyphs on every machine
    "mathtext.fontset": "dejavusans",
    "font.size": NORMAL,
    "axes.labelsize": LARGE,
    "axes.titlesize": LARGE,
    "figure.labelsize": LARGE,
    "xtick.labelsize": NORMAL,
    "ytick.labelsize": NORMAL,
    "legend.fontsize": NORMAL,
    "legend.frameon": False,
    "legend.handlelength": 2.8,  # long enough to tell one dash pattern from another
    "axes.linewidth": 0.6,
    "axes.titlepad": 4.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "lines.linewidth": 1.1,
    "lines.markersize": 4.0,
    "figure.dpi": 100,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,  # TrueType: journals refuse Type 3
    "svg.fonttype": "path",  # the same picture where DejaVu is not installed
    "svg.hashsalt": "tower-rates",  # else the ids in an SVG are random
}

# Whatever would carry a date or a version into a file, left out.
_METADATA = {
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
}


@dataclass(frozen=True)
class Mark:
    """How one series is drawn: keywords of `Axes.plot`, apart from the data."""

    color: str
    marker: str
    linestyle: str | tuple
    hollow: bool = False
    markersize: float = 4.0
    zorder: float = 3.0

    def line(self) -> dict:
        """Keywords for `Axes.plot` or `Line2D`."""
        return {
            "color": self.color,
            "marker": self.marker,
            "linestyle": self.linestyle,
            "markersize": self.markersize,
            "markerfacecolor": "none" if self.hollow else self.color,
            "markeredgecolor": self.color,
            "markeredgewidth": 0.8,
            "zorder": self.zorder,
        }


# The reference is a hollow square, larger than erm's disc: where the two agree, as they should,
# both stay visible; it has no line, since the dashes of the prediction run through its points.
ARM_MARKS = {
    arms.ERM: Mark(BLUE, "o", "-", markersize=3.4, zorder=4.0),
    arms.ADAM: Mark(VERMILION, "^", "-.", markersize=4.2),
    arms.PAIRWISE: Mark(PURPLE, "v", (0, (6, 1.5, 1, 1.5, 1, 1.5)), markersize=4.2),
    arms.JOINT: Mark(GREEN, "D", ":", markersize=3.6),
    arms.REFERENCE: Mark(BLACK, "s", "none", hollow=True, markersize=5.4),
    # Arms of clicks stand in figures of their own.
    arms.SOFTMAX_FULL: Mark(SKY, "o", "-", markersize=3.4, zorder=4.0),
    arms.SOFTMAX_FULL_RAW: Mark(TEXT_GREY, "s", ":", markersize=3.6),
    arms.SOFTMAX_BATCH: Mark(ORANGE, "^", "--", markersize=4.2),
    arms.SOFTMAX_BATCH_COUNTED: Mark(GUIDE_GREY, "d", (0, (3, 1)), markersize=4.2),
    arms.SOFTMAX_BATCH_RAW: Mark(VERMILION, "P", "-.", markersize=4.2),
    arms.SOFTMAX_BATCH_APART: Mark(GREEN, "v", (0, (6, 1.5, 1, 1.5, 1, 1.5)), markersize=4.2),
    arms.BPR: Mark(PURPLE, "X", (0, (4, 1.5, 1, 1.5)), markersize=4.2),
    arms.SOFTMAX_ADAM: Mark(BLACK, "D", (0, (8, 2)), markersize=3.6),
    # Other methods are too many for a colour each: no two share colour and marker.
    arms.GLOBAL_MEAN: Mark(GUIDE_GREY, "_", ":"), "biases": Mark(TEXT_GREY, "x", ":"),
    "svd": Mark(VERMILION, "v", "-"), "svdpp": Mark(ORANGE, "<", "--"),
    "user_knn": Mark(GREEN, "p", "-."), "item_knn": Mark(SKY, "h", "-."),
    "nmf": Mark(PURPLE, "d", "--"), "co_clustering": Mark(TEXT_GREY, "*", "--"),
    "ridge": Mark(PURPLE, "P", "--"), "boosting": Mark(ORANGE, "X", "-."),
    "kernel_ridge": Mark(VERMILION, "D", "-", markersize=3.6),
}  # fmt: skip

# For series that are no arms (cells, or values of β); colour, marker and dashes repeat with
# different periods, so that the first 30 or more differ.
_SERIES_COLORS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
_SERIES_MARKERS = ("o", "^", "s", "D", "v")
_SERIES_LINES = ("-", "--", "-.", ":")


def paper_style() -> AbstractContextManager[None]:
    """Context in which figures are made *and* saved (some settings are read only on saving)."""
    return matplotlib.style.context(["default", sns.axes_style("ticks"), _PAPER])


def arm_mark(arm: str) -> Mark:
    """The mark of an arm.

    Raises:
        ValueError: if the arm has none, which names those that do.
    """
    if arm not in ARM_MARKS:
        raise ValueError(f"no mark for arm {arm!r}; arms with a mark: {', '.join(ARM_MARKS)}")
    return ARM_MARKS[arm]


def series_mark(position: int, dashes: bool = False) -> Mark:
    """The mark of the series at `position` (0, 1, …) of a figure whose series are no arms."""
    return Mark(
        _SERIES_COLORS[position % len(_SERIES_COLORS)],
        _SERIES_MARKERS[position % len(_SERIES_MARKERS)],
        _SERIES_LINES[position % len(_SERIES_LINES)] if dashes else "-",
    )


def pale(mark: Mark) -> Mark:
    """The same mark in a third of its strength, for what a panel shows for comparison only."""
    return replace(mark, color=sns.blend_palette(["white", mark.color], 4).as_hex()[1])


def dark(mark: Mark) -> Mark:
    """The same mark in a darker shade, for what is drawn upon its own line."""
    return replace(mark, color=sns.blend_palette([mark.color, BLACK], 5).as_hex()[1])


def arms_of(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The arms in the column `arm`, in the order of every legend, each with its rows.

    Raises:
        ValueError: if an arm has no mark.
    """
    for arm in frame["arm"].unique():
        arm_mark(arm)
    return [(arm, frame[frame["arm"] == arm]) for arm in arms.ORDER if (frame["arm"] == arm).any()]


def arm_handle(arm: str, line: bool = True) -> Line2D:
    """An arm's entry in a legend; without its line where only points are drawn."""
    style = arm_mark(arm).line() | ({} if line else {"linestyle": "none"})
    return Line2D([], [], label=arms.label(arm), **style)


def draw_points(ax: Axes, mark: Mark, x, y, low, high, line: bool = True) -> None:
    """Points at (x, y) with bars from low to high (none where these are NaN)."""
    look = mark.line() | ({} if line else {"linestyle": "none"})
    ax.errorbar(x, y, np.abs([y - low, high - y]), elinewidth=0.8, **look)


def note(ax: Axes, text: str, y: float, points: float = 2, outside: bool = False) -> None:
    """A remark on the line at height y, `points` above its right end, or beyond that end."""
    ax.annotate(
        text,
        xy=(1, y),
        xycoords=("axes fraction", "data"),
        xytext=(4, 0) if outside else (-2, points),
        textcoords="offset points",
        ha="left" if outside else "right",
        va="center" if outside else "baseline",
        fontsize=SMALL,
        color=TEXT_GREY,
        annotation_clip=False,
    )


def corner_text(ax: Axes, lines: list[tuple[str, str]], right: bool = False) -> None:
    """Lines of (text, color) stacked in the lower left corner, which falling curves leave free.

    In the lower right one if asked for.
    """
    for row, (text, color) in enumerate(reversed(lines)):
        ax.annotate(
            text,
            xy=(int(right), 0),
            xycoords="axes fraction",
            xytext=(-4 if right else 4, 4 + 1.25 * SMALL * row),
            textcoords="offset points",
            ha="right" if right else "left",
            color=color,
            fontsize=SMALL,
        )


def in_lines(title: str) -> str:
    """A title too long for a panel, broken at the comma nearest its middle, and so its halves."""
    commas = [i for i, character in enumerate(title) if character == ","]
    printed = title.replace("$", "").replace("_", "")
    if len(printed) <= 30 or not commas:
        return title
    cut = min(commas, key=lambda i: abs(i - len(title) / 2))
    return f"{in_lines(title[:cut])},\n{in_lines(title[cut + 2 :])}"


def message_figure(text: str) -> Figure:
    """A figure that says why it shows nothing: a declared output must exist all the same."""
    with paper_style():
        fig = Figure(figsize=(COLUMN_WIDTH, 1.0), layout="constrained")
        ax = fig.subplots()
        ax.set_axis_off()
        ax.text(0.5, 0.5, text, ha="center", va="center", color=TEXT_GREY)
    return fig


def save_figure(fig: Figure, stem: Path) -> None:
    """Write stem.pdf, stem.svg and stem.png (300 dpi), each whole or not at all.

    The bytes depend on the figure and on matplotlib's version only: not on the date, the time
    zone, the locale, the file's name or the reader's settings. The page has the figure's own size,
    so that a figure made for a column is printed unscaled.
    """
    stem = Path(stem)
    for kind, metadata in _METADATA.items():
        with atomic_write(stem.with_name(f"{stem.name}.{kind}")) as path, paper_style():
            fig.savefig(path, format=kind, metadata=metadata)
