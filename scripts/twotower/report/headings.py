"""What stands above a panel of learning curves: its title, then slopes, measured and predicted."""

from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes

from twotower.report import style
from twotower.study.labels import number_text, plus_minus_text

UPPER_SLOPES = ("upper_slope", "upper_slope_low", "upper_slope_high")
_LINE = 1.3 * style.SMALL  # points from one line of text to the next
_COLUMNS = ((-16, "left"), (20, "left"), (86, "right"))  # points from the panel's left edge
_PAD = 4


class Row(NamedTuple):
    """One line above a panel."""

    name: str
    measured: str
    predicted: str = ""
    color: str = style.TEXT_GREY


HEADER = Row("", "slope", "predicted")


def upper_slopes(rates: pd.DataFrame) -> pd.DataFrame:
    """The rates that have a slope over the upper half of their window, with `UPPER_SLOPES`.

    Each is the predicted slope plus the difference from it, which is paired by target.
    """
    fitted = rates.dropna(subset=["upper_difference"])
    ends = [
        fitted["upper_predicted_slope"] + fitted[f"upper_difference{end}"]
        for end in ("", "_low", "_high")
    ]
    return fitted.assign(**dict(zip(UPPER_SLOPES, ends, strict=True)))


def of_arms(rates: pd.DataFrame) -> list[Row]:
    """The lines above one cell: a header, its arms, the bound; none where no slope is fitted."""
    fitted = upper_slopes(rates)
    if fitted.empty:
        return []
    rows = [
        _row(arm, of_arm.iloc[0], style.arm_mark(arm).color)
        for arm, of_arm in style.arms_of(fitted)
    ]
    return [HEADER, *rows, Row("bound", number_text(fitted["bound_slope"].iloc[0]))]


def of_cells(rates: pd.DataFrame, names: dict[str, tuple[str, str]]) -> list[Row]:
    """The lines above a panel of several cells: a header, then a line for each that has a slope.

    Args:
        rates: of one arm, a row per cell.
        names: cell → its name and colour, in the order of the lines.
    """
    fitted = upper_slopes(rates).drop_duplicates("cell").set_index("cell")
    rows = [
        _row(name, fitted.loc[cell], color)
        for cell, (name, color) in names.items()
        if cell in fitted.index
    ]
    return [HEADER, *rows] if rows else []


def height(lines: int) -> float:
    """Inches that so many lines take."""
    return lines * _LINE / 72


def draw(panels: list[Axes], above: dict[str, list[Row]]) -> None:
    """Title and rows, right above each panel of a grid.

    Titles of panels side by side stand at one height: a neighbour's rows begin left of its panel.

    Args:
        panels: in the order of the titles.
        above: title → its rows.
    """
    lines: dict[int, int] = {}  # row of the grid → most rows above a panel
    for ax, rows in zip(panels, above.values(), strict=True):
        place = ax.get_subplotspec().rowspan.start
        lines[place] = max(lines.get(place, 0), len(rows))
    for ax, (title, rows) in zip(panels, above.items(), strict=True):
        title = style.in_lines(title)
        size = style.NORMAL if "\n" in title else style.LARGE
        pad = _PAD + lines[ax.get_subplotspec().rowspan.start] * _LINE
        ax.set_title(title, pad=pad, fontsize=size)
        _write(ax, rows)


def _write(ax: Axes, rows: list[Row]) -> None:
    for place, (*words, color) in enumerate(reversed(rows)):
        for (edge, side), text in zip(_COLUMNS, words, strict=True):
            if text:
                ax.annotate(
                    text,
                    xy=(0, 1),
                    xycoords="axes fraction",
                    xytext=(edge, _PAD + place * _LINE),
                    textcoords="offset points",
                    ha=side,
                    color=color,
                    fontsize=style.SMALL,
                ).set_in_layout(False)  # the title keeps the room, and panels stay as wide


def _row(name: str, rate: pd.Series, color: str) -> Row:
    measured = plus_minus_text(*(rate[end] for end in UPPER_SLOPES))
    return Row(name, measured, number_text(rate["upper_predicted_slope"]), color)
