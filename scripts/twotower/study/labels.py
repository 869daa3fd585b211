"""How cells, sizes and numbers are written wherever a reader sees them."""

import math
from collections.abc import Collection
from fractions import Fraction

import pandas as pd

from twotower.study.settings import OWN_SMOOTHNESS
from twotower.theory.spectrum import smoothness_of

ABSENT = "–"

KEYS = [
    "smoothness",
    *OWN_SMOOTHNESS,
    "user_intrinsic_dim",
    "item_intrinsic_dim",
    "ambient_dim",
]

# Settings shown only where they tell cells apart, in the order in which they are named and sorted:
# those that are words by the word for each value, and "" where it goes without saying …
_WORDS = {
    "support": {"cube": "", "graph": "", "torus": "torus", "dust": "dust", "slab": "slab"},
    "noise": {"normal": "", "student": "heavy tails"},
    "rating_scale": {"exact": "", "stars": "1–5 stars"},
    "sampling": {
        "fresh": "fresh pairs",
        "grid": "full grid",
        "fixed_users": "fixed users",
        "popularity": "popular items",
        "repeated": "repeated users and items",
        "not_at_random": "not at random",
        "clicks": "clicks",
    },
    "control": {
        "none": "",
        "permuted_ratings": "permuted ratings",
        "shuffled_covariates": "shuffled covariates",
    },
    "schedule": {"units": "units schedule", "dense": "dense schedule", "fixed": "fixed width"},
}
# … those that are numbers by what stands before the number.
_SYMBOLS = {
    "worst_case_at": "worst case at ",
    "off_manifold_noise": "τ = ",
    "noise_sd": "σ = ",
    "catalogue": "catalogue ",
    "ratings_each": "ratings of each: ",
    "popularity_exponent": "popularity exponent ",
    "temperature": "temperature ",
    "clicks_each": "clicks of each user: ",
    "click_batch": "B = ",
    "rank": "p = ",
    "embedding_dim": "fitted p = ",
    "depth": "depth = ",
    "width_constant": "c = ",
}
_SIZES = ("worst_case_at", "catalogue")
OPTIONAL_SETTINGS = (
    "control",
    "worst_case_at",
    "support",
    "off_manifold_noise",
    "sampling",
    "catalogue",
    "ratings_each",
    "popularity_exponent",
    "temperature",
    "clicks_each",
    "click_batch",
    "noise_sd",
    "noise",
    "rating_scale",
    "rank",
    "embedding_dim",
    "schedule",
    "depth",
)
MAX_SPELLED = 2
"""Most differing settings that titles name in full. Of more settings, titles leave out the value
that most cells have."""
LAST_RESORT = "width_constant"  # follows β in most studies: named only where nothing else differs


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


def dim_text(dim: float) -> str:
    """An intrinsic dimension in few characters: 2, or 1.26 on a dust."""
    return f"{dim:.3g}"


def dims_text(row: pd.Series) -> str:
    """Both intrinsic dimensions of a cell: one number where they agree, else users', items'."""
    user, item = dim_text(row["user_intrinsic_dim"]), dim_text(row["item_intrinsic_dim"])
    return user if user == item else f"{user}, {item}"


def betas_text(row: pd.Series) -> str:
    """Both β of a cell: one number where they agree, else users', items'."""
    user, item = (smoothness_text(smoothness_of(row, tower)) for tower in ("user", "item"))
    return user if user == item else f"{user}, {item}"


# ---------------------------------------------------------------- cells


def cells_in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per cell, indexed by cell, in the order of every figure and table.

    By the optional settings, then d, D and β: a row of panels then varies β first, whatever the
    order of the frame's rows.
    """
    settings = [name for name in (*OPTIONAL_SETTINGS, LAST_RESORT) if name in frame]
    keys = [name for name in KEYS if name in frame]  # tables of older studies have fewer
    cells = frame[["cell", *keys, *settings]].drop_duplicates("cell", ignore_index=True)
    ranks = {name: cells[name].map(_rank(name)) for name in settings if name != LAST_RESORT}
    dims = cells[["user_intrinsic_dim", "item_intrinsic_dim"]]
    ranks |= {"larger": dims.max(axis=1), **{name: cells[name] for name in (*dims, KEYS[-1])}}
    last = ("smoothness", *OWN_SMOOTHNESS, LAST_RESORT, "cell")
    ranks |= {name: cells[name] for name in last if name in cells}
    order = pd.DataFrame(ranks).sort_values(list(ranks), kind="stable", na_position="first").index
    return cells.loc[order].set_index("cell")


def _rank(name: str):
    """Where a value of a setting stands among others: words that are not said stand together."""
    if name not in _WORDS:
        return float
    said = [value for value, text in _WORDS[name].items() if text]
    return lambda value: said.index(value) + 1 if value in said else 0


def setting_text(name: str, value: object) -> str:
    """What a title says of one optional setting; "" where it goes without saying, or is NaN."""
    if name in _WORDS:
        return _WORDS[name].get(value, str(value))
    if pd.isna(value):
        return ""
    return f"{_SYMBOLS[name]}{size_text(value) if name in _SIZES else format(value, 'g')}"


def differing_settings(frame: pd.DataFrame) -> list[str]:
    """The optional settings that the frame has and that are said differently for its cells."""
    return [
        name
        for name in OPTIONAL_SETTINGS
        if name in frame and len({setting_text(name, value) for value in frame[name].unique()}) > 1
    ]


def cell_titles(frame: pd.DataFrame, without: Collection[str] = ()) -> dict[str, str]:
    """Cell id → title such as "β = 1/2, d = 1, D = 10", in the order of `cells_in_order`.

    D is named where it exceeds the intrinsic dimensions, an optional setting where the cells
    differ in it (if they differ in more than MAX_SPELLED: where its value is not that of most
    cells). Titles are distinct: where they would not be, the constant of the width is added,
    and the cell's id where even that does not tell them apart.

    Args:
        frame: rows with the columns that tell cells apart.
        without: settings to leave out; cells that differ in them alone then share a title.
            "intrinsic_dim" stands for those of both sides.
    """
    return {
        cell: ", ".join(text for name, text in said.items() if name not in without)
        for cell, said in _said(cells_in_order(frame)).items()
    }


def shared_settings(frame: pd.DataFrame) -> dict[str, str]:
    """Setting → what the titles of all cells say of it alike; {} if a title would say no more."""
    said = list(_said(cells_in_order(frame)).values())
    shared = {
        name: text
        for name, text in said[0].items()
        if all(name in s and s[name] == text for s in said)
    }
    return shared if all(len(parts) > len(shared) for parts in said) else {}


def _said(cells: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Cell → setting → its part of the title, for a frame from `cells_in_order`."""
    texts = pd.DataFrame(
        {
            name: [setting_text(name, value) for value in cells[name]]
            for name in differing_settings(cells)
        },
        index=cells.index,
    )
    if len(texts.columns) > MAX_SPELLED:
        usual = texts.apply(lambda column: column.value_counts(normalize=True).idxmax())
        most = texts.eq(usual).mean() > 0.5
        texts = texts.mask(texts.eq(usual) & most, "")
    said = {}
    for cell, row in cells.iterrows():
        optional = texts.loc[cell].to_dict()
        said[cell] = _keys_said(row) | {name: text for name, text in optional.items() if text}
    if LAST_RESORT in cells:
        constants = cells[LAST_RESORT].map(lambda value: setting_text(LAST_RESORT, value))
        said = _told_apart(said, LAST_RESORT, constants.to_dict())
    return _told_apart(said, "cell", {cell: f"cell {cell}" for cell in said})


def _keys_said(row: pd.Series) -> dict[str, str]:
    said = {
        "smoothness": by_side("β", betas_text(row)),
        "intrinsic_dim": by_side("d", dims_text(row)),
    }
    if row["ambient_dim"] > math.ceil(max(row["user_intrinsic_dim"], row["item_intrinsic_dim"])):
        said["ambient_dim"] = f"D = {row['ambient_dim']:g}"
    return said


def by_side(symbol: str, text: str) -> str:
    """A number of both sides, or the two of a text that names users' and items'."""
    *user, item = text.split(", ")
    return f"${symbol}_u$ = {user[0]}, ${symbol}_i$ = {item}" if user else f"{symbol} = {item}"


def _told_apart(said: dict, name: str, texts: dict[str, str]) -> dict[str, dict[str, str]]:
    """`said` with the setting `name` added where a title is not the only one of its words."""
    titles = [tuple(parts.values()) for parts in said.values()]
    return {
        cell: parts | {name: texts[cell]} if titles.count(title) > 1 and texts[cell] else parts
        for (cell, parts), title in zip(said.items(), titles, strict=True)
    }
