"""How one curve of a file is chosen, and how a message lists the choices."""

import re
import shlex
from collections.abc import Iterable

import pandas as pd

from twotower.forecast.pilot_files.source import PilotError
from twotower.forecast.pilot_files.table import fault, plain

CHOICES = ("method", "arm", "cell")
"""Columns with an option of their own: METHOD=, ARM= and CELL=; others need WHERE=column=value."""
_SHOWN, _TYPED = 30, 8  # values in a message; of them, those shown as they are typed


def asked(where: list[str], **named: str | None) -> dict[str, str]:
    """Column → value, as a user typed them.

    Args:
        where: conditions COLUMN=VALUE; one text may hold several, with a semicolon between them.
            The first "=" ends the column's name, so that values may hold spaces and more of them;
            ";;" is a semicolon in a value.
        named: of method, arm and cell; what is empty was not given.

    Raises:
        PilotError: if a condition has no "=", or a column is given twice.
    """
    found = {name: plain(value) for name, value in named.items() if value}
    for text in filter(None, where):
        for part in re.split(r"(?<!;);(?=[^;=]+=)", text):
            name, equals, value = part.partition("=")
            if not equals or not plain(name):
                hint = "such as WHERE=set=test, or WHERE='set=test; model=Big Net'"
                raise fault(f"WHERE={text}", "is no condition", "COLUMN=VALUE", hint)
            if plain(name) in found:
                found_twice = f"{plain(name)} is given twice"
                raise fault(f"WHERE={text}", found_twice, "one value for each column")
            found[plain(name)] = plain(value.replace(";;", ";"))
    return found


def option(name: str, value: object) -> str:
    """What a user types to choose a value: METHOD=svd, WHERE='model=Big Net'."""
    if name in CHOICES:
        return f"{name.upper()}={shlex.quote(str(value))}"
    return f"WHERE={shlex.quote(condition(name, value))}"


def condition(name: str, value: object) -> str:
    """A condition as `asked` reads it."""
    return f"{name}={value}".replace(";", ";;")


def chosen(frame: pd.DataFrame, wanted: dict[str, str], path: object) -> pd.DataFrame:
    """The rows with these values, as they are written, or as numbers that are equal.

    Raises:
        PilotError: if there is no such column, or no row has the value; with what there is.
    """
    taken = []
    for name, value in wanted.items():
        if name not in frame:
            raise _no_column(frame, name, value, path)
        known = frame[name].astype(str)
        one_spelling(known, name, path)
        kept = known == value
        if not kept.any() and (number := pd.to_numeric(value, errors="coerce")) == number:
            kept = pd.to_numeric(known, errors="coerce") == number
        if name == "cell" and "arm" in frame:  # as tables of curves name them
            kept |= known + "-" + frame["arm"].astype(str) == value
        if not kept.any():
            further = next((n for n in frame if f" {n}=" in value), None)
            hint = f"; a semicolon stands before a further condition: '; {further}='"
            among = f" with {' and '.join(taken)}" if taken else ""
            text = f"{path}: no row{among} has {name} {value}; it has {listed(known)}"
            raise PilotError(text + (hint if further else ""), elsewhere=True)
        taken.append(f"{name} {value}")
        frame = frame[kept]
    return frame


def _no_column(frame: pd.DataFrame, name: str, value: str, path: object) -> PilotError:
    words = [n for n in frame if pd.to_numeric(frame[n], errors="coerce").isna().any()]
    elsewhere = [n for n in words if (frame[n].astype(str) == value).any()]
    hint = f"; {elsewhere[0]} has {value}: {option(elsewhere[0], value)}" if elsewhere else ""
    there = ", ".join(frame.columns)
    return PilotError(f"{path}: has no column {name}; it has {there}{hint}")


def one_spelling(values: pd.Series, name: str, path: object) -> None:
    """Raise PilotError where two names differ in upper and lower case alone."""
    first: dict[str, str] = {}
    for value in values.unique():
        other = first.setdefault(str(value).casefold(), value)
        if other != value:
            place = f"{path}: {name} is {other} in {_line(values, other)} and {value} in"
            raise PilotError(
                f"{place} {_line(values, value)}: they differ in upper and lower case alone; "
                "allowed: one spelling of each name"
            )


def others(frame: pd.DataFrame, kept: pd.DataFrame, names: Iterable[str]) -> tuple[str, ...]:
    """Values of columns that were not taken, as they are typed: METHOD=svd."""
    return tuple(
        option(name, value)
        for name in names
        if name in frame
        for value in frame.loc[~frame[name].isin(kept[name]), name].drop_duplicates()
    )


def alternatives(name: str, values: pd.Series) -> str:
    """What to type for each value: METHOD=svd or METHOD=knn."""
    found = values.drop_duplicates()
    more = " or …" if len(found) > _TYPED else ""
    return " or ".join(option(name, value) for value in found[:_TYPED]) + more


def listed(values: pd.Series) -> str:
    """Different values for a reader; of many, the first ones and their number."""
    found = [str(value) or "empty" for value in values.drop_duplicates()]
    more = f", … ({len(found)} in all)" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more


def _line(values: pd.Series, value: str) -> str:
    return f"line {values.index[values == value][0]}"
