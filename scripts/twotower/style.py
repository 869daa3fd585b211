"""The look of every figure: sizes, fonts, one colour, marker and line per arm; and its bytes.

Each arm differs from the others in colour, marker *and* line style, so that a figure survives
grey print and colour blindness. Colours are those of M. Okabe and K. Ito, *Color Universal
Design* (2008). The style starts from matplotlib's defaults, never from the reader's matplotlibrc.
"""

import math
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import matplotlib.style
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MultipleLocator,
    NullFormatter,
    NullLocator,
)

from twotower.files import atomic_write
from twotower.labels import number_text, size_text

COLUMN_WIDTH = 3.3  # inches: one column of a two-column page
TEXT_WIDTH = 6.9  # inches: both columns

BLACK, BLUE, VERMILION = "#000000", "#0072B2", "#D55E00"
GREEN, ORANGE, PURPLE, SKY = "#009E73", "#E69F00", "#CC79A7", "#56B4E9"
GUIDE_GREY, TEXT_GREY, WINDOW_GREY = "#8C8C8C", "#595959", "#EDEDED"

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


# In the order of every legend and panel. The reference is a hollow square, larger than erm's
# disc: where the two agree, as they should, both stay visible; it has no line, since the dashes
# of the prediction run through its points.
ARMS = {
    "erm": Mark(BLUE, "o", "-", markersize=3.4, zorder=4.0),
    "adam": Mark(VERMILION, "^", "-.", markersize=4.2),
    "reference": Mark(BLACK, "s", "none", hollow=True, markersize=5.4),
}

# For lines that stand for cells; colour, marker and dashes repeat with different periods, so
# that the first 30 or more cells differ.
_CELL_COLORS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
_CELL_MARKERS = ("o", "^", "s", "D", "v")
_CELL_LINES = ("-", "--", "-.", ":")


def paper_style() -> AbstractContextManager[None]:
    """Context in which figures are made *and* saved (some settings are read only on saving)."""
    return matplotlib.style.context(["default", sns.axes_style("ticks"), _PAPER])


def arm_mark(arm: str) -> Mark:
    """The mark of an arm.

    Raises:
        ValueError: if the arm has none, which names those that do.
    """
    if arm not in ARMS:
        raise ValueError(f"no mark for arm {arm!r}; arms with a mark: {', '.join(ARMS)}")
    return ARMS[arm]


def cell_mark(position: int) -> Mark:
    """The mark of the cell drawn at `position` (0, 1, …) in a figure with a line per cell."""
    return Mark(
        _CELL_COLORS[position % len(_CELL_COLORS)],
        _CELL_MARKERS[position % len(_CELL_MARKERS)],
        _CELL_LINES[position % len(_CELL_LINES)],
    )


def arms_of(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The arms in the column `arm`, in the order of every legend, each with its rows.

    Raises:
        ValueError: if an arm has no mark.
    """
    for arm in frame["arm"].unique():
        arm_mark(arm)
    return [(arm, frame[frame["arm"] == arm]) for arm in ARMS if (frame["arm"] == arm).any()]


def arm_handle(arm: str, line: bool = True) -> Line2D:
    """An arm's entry in a legend; without its line where only points are drawn."""
    style = arm_mark(arm).line() | ({} if line else {"linestyle": "none"})
    return Line2D([], [], label=arm, **style)


def draw_points(ax: Axes, arm: str, x, y, low, high, line: bool = True) -> None:
    """An arm's points at (x, y) with bars from low to high (none where these are NaN)."""
    style = arm_mark(arm).line() | ({} if line else {"linestyle": "none"})
    ax.errorbar(x, y, np.abs([y - low, high - y]), elinewidth=0.8, **style)


def size_axis(ax: Axes, sizes: pd.Series) -> None:
    """Ticks of the x axis at sizes that were run: at most four with a label, the largest one."""
    unique = np.sort(sizes.unique())
    step = math.ceil(len(unique) / 4)
    ax.xaxis.set_major_locator(FixedLocator(unique[::-1][::step]))
    ax.xaxis.set_minor_locator(FixedLocator(unique))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda size, _: size_text(round(size))))
    ax.xaxis.set_minor_formatter(NullFormatter())


def risk_axis(ax: Axes) -> None:
    """Ticks of the logarithmic y axis at decades, or at 1, 2 and 5 if it spans few of them."""
    low, high = ax.get_ylim()
    steps = (1.0,) if high / low > 100 else (1.0, 2.0, 5.0)
    ax.yaxis.set_major_locator(LogLocator(subs=steps))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda risk, _: f"{risk:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def ratio_axis(ax: Axes) -> None:
    """Ticks of the logarithmic y axis at powers of 2, or of √2 or 2^¼ if it spans few of them."""
    low, high = np.log2(ax.get_ylim())
    step = 1.0 if high - low > 2 else 0.5 if high - low > 1 else 0.25
    ticks = 2.0 ** np.arange(math.floor(low), math.ceil(high) + step, step)
    ax.yaxis.set_major_locator(FixedLocator(ticks))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:.3g}"))
    ax.yaxis.set_minor_locator(NullLocator())


def slope_axis(axis: Axis) -> None:
    """Ticks at tenths, or at fifths if the axis is long: the same steps on x and y."""
    low, high = axis.get_view_interval()
    step = 0.1 if high - low < 0.85 else 0.2
    axis.set_major_locator(MultipleLocator(step))
    axis.set_major_formatter(FuncFormatter(lambda slope, _: number_text(slope, 1)))


def corner_text(ax: Axes, lines: list[tuple[str, str]]) -> None:
    """Lines of (text, color) stacked in the lower left corner, which falling curves leave free."""
    for row, (text, color) in enumerate(reversed(lines)):
        ax.annotate(
            text,
            xy=(0, 0),
            xycoords="axes fraction",
            xytext=(4, 4 + 1.25 * SMALL * row),
            textcoords="offset points",
            color=color,
            fontsize=SMALL,
        )


def two_lines(title: str) -> str:
    """A title too long for a panel, broken at the comma nearest its middle."""
    commas = [i for i, character in enumerate(title) if character == ","]
    printed = title.replace("$", "").replace("_", "")
    if len(printed) <= 30 or not commas:
        return title
    cut = min(commas, key=lambda i: abs(i - len(title) / 2))
    return f"{title[: cut + 1]}\n{title[cut + 2 :]}"


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
