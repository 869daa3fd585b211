"""How cells, sizes and numbers are written wherever a reader sees them."""

import math
from fractions import Fraction

import pandas as pd

ABSENT = "–"

# Settings shown only where they tell cells of one study apart: column → symbol.
OPTIONAL_SETTINGS = {"depth": "depth", "noise_sd": "σ", "rank": "p"}
KEYS = ["smoothness", "user_intrinsic_dim", "item_intrinsic_dim", "ambient_dim"]


# ---------------------------------------------------------------- words and numbers


def smoothness_text(beta: float) -> str:
    """β as a reader writes it: 1/2, 1, 3/2, ∞; a decimal where no simple fraction is exact."""
    beta = float(beta)
    if math.isinf(beta):
        return "∞"
    fraction = Fraction(beta).limit_denominator(4)
    return str(fraction) if float(fraction) == beta else f"{beta:g}"


def size_text(n: int) -> str:
    """A sample size in few characters: 512, 4k, 1M with k = 1,024; 10,000 if that is not exact."""
    n = int(n)
    for unit, letter in ((1 << 20, "M"), (1 << 10, "k")):
        if n >= unit and n % unit == 0:
            return f"{n // unit}{letter}"
    return f"{n:,}"


def number_text(value: float, digits: int = 2) -> str:
    """A number with a true minus sign; ABSENT where it is missing, ∞ where it is infinite."""
    if pd.isna(value):
        return ABSENT
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")  # no minus zero
    return text.replace("-", "−")


def interval_text(value: float, low: float, high: float) -> str:
    """A slope and its interval: −0.51 [−0.54, −0.48]."""
    if pd.isna(low) or pd.isna(high):
        return number_text(value)
    return f"{number_text(value)} [{number_text(low)}, {number_text(high)}]"


def plus_minus_text(value: float, low: float, high: float) -> str:
    """A slope and half the width of its interval: −0.51 ± .03."""
    if pd.isna(low) or pd.isna(high):
        return number_text(value)
    half = number_text((high - low) / 2)
    return f"{number_text(value)} ± {half.removeprefix('0')}"


# ---------------------------------------------------------------- cells


def cells_in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per cell, indexed by cell, in the order of every figure and table.

    By the optional settings, then d, D and β: a row of panels then varies β first, whatever the
    order of the frame's rows.
    """
    optional = [name for name in OPTIONAL_SETTINGS if name in frame]
    cells = frame[["cell", *KEYS, *optional]].drop_duplicates("cell")
    cells = cells.assign(larger_dim=cells[["user_intrinsic_dim", "item_intrinsic_dim"]].max(axis=1))
    order = [*optional, "larger_dim", *KEYS[1:], "smoothness", "cell"]
    return cells.sort_values(order, kind="stable").set_index("cell")


def differing_settings(frame: pd.DataFrame) -> list[str]:
    """The optional settings (depth, noise_sd, rank) that the frame has and that differ in it."""
    return [name for name in OPTIONAL_SETTINGS if name in frame and frame[name].nunique() > 1]


def cell_titles(frame: pd.DataFrame) -> dict[str, str]:
    """Cell id → title such as "β = 1/2, d = 1, D = 10", in the order of `cells_in_order`.

    D is named where it exceeds the intrinsic dimensions; depth, σ and p where the frame has the
    column and its cells differ. Titles are distinct: those that would not be get the cell's id.
    """
    cells = cells_in_order(frame)
    shown = differing_settings(cells)
    titles = {}
    for cell, row in cells.iterrows():
        user, item = int(row["user_intrinsic_dim"]), int(row["item_intrinsic_dim"])
        parts = [f"β = {smoothness_text(row['smoothness'])}"]
        parts += [f"d = {user}"] if user == item else [f"$d_u$ = {user}", f"$d_i$ = {item}"]
        if row["ambient_dim"] > max(user, item):
            parts.append(f"D = {int(row['ambient_dim'])}")
        parts += [f"{OPTIONAL_SETTINGS[name]} = {row[name]:g}" for name in shown]
        titles[cell] = ", ".join(parts)
    names = list(titles.values())
    return {
        cell: title if names.count(title) == 1 else f"{title} ({cell})"
        for cell, title in titles.items()
    }
