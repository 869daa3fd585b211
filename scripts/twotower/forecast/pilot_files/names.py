"""What a column of another name may be, and numbers within names of columns."""

import re

import pandas as pd

from twotower.forecast.pilot_files.curve_labels import words

_SIZES = words(
    "n num number of size sizes abs sample samples example examples instance instances row rows "
    "rating ratings train training trainset tr anchor"
)
_OF_SIZE = words("size sizes ratings samples examples instances train training tr n anchor")
_RUNS = words(
    "seed seeds fold folds run runs repeat repeats trial rep reps state replicates repetition cv"
)
_NUMBER = r"\d+(?:[,_ .]\d{3})+|\d+\.0+|\d+(?:\.\d+)?[eE]\+?\d+|\d+"
_NUMBERED = re.compile(rf"(\D*?)({_NUMBER})(\D*)")
_SHARE = re.compile(r"(\d*\.?\d+) ?(%?)")
_UNNAMED = "Unnamed: "  # pandas' name for a column without one


def is_number(values: pd.Series) -> bool:
    """Whether all values [rows] are numbers."""
    return bool(pd.to_numeric(values, errors="coerce").notna().all())


def like_size(frame: pd.DataFrame) -> str | None:
    """The first column of numbers whose name says numbers of ratings, if there is one."""
    found = (n for n in frame if words(n) <= _SIZES and words(n) & _OF_SIZE)
    return next((n for n in found if is_number(frame[n])), None)


def like_replicate(frame: pd.DataFrame) -> str | None:
    """The first column whose name says runs, if there is one."""
    measured = like_errors(frame, set())  # fold0_mse and the like
    found = (n for n in frame if words(n) & _RUNS and n not in measured)
    return next((n for n in found if frame[n].nunique() > 1), None)


def like_errors(frame: pd.DataFrame, known: set[str]) -> list[str]:
    """Columns of numbers that vary and are not all whole: errors may stand there."""
    found = []
    for name in frame:
        if name not in known and not is_unnamed(name) and is_number(frame[name]):
            numbers = pd.to_numeric(frame[name])
            if numbers.nunique() > 1 and (numbers % 1 != 0).any():
                found.append(name)
    return found


def is_unnamed(name: str) -> bool:
    """Whether a column has no name of its own, as the row numbers that pandas writes."""
    return name.startswith(_UNNAMED)


def numbered(names: list[str]) -> dict[tuple[str, str], list[str]]:
    """Names with one number in them, by what stands before and behind it."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name in names:
        if found := _NUMBERED.fullmatch(name):
            groups.setdefault((found[1], found[3]), []).append(name)
    return groups


def shares(names: list[str]) -> tuple[list[str], bool]:
    """Names that are shares of the data (0.25; 25%), and whether they are in percent."""
    found = {n: part for n in names if (part := _SHARE.fullmatch(n))}
    percent = [n for n, part in found.items() if part[2] and float(part[1]) <= 100]
    plain = [n for n, part in found.items() if not part[2]]
    if len(percent) >= len(plain):
        return percent, True
    whole = any(float(n) > 1 for n in plain) or all(float(n) % 1 == 0 for n in plain)
    return ([] if whole else plain), False
