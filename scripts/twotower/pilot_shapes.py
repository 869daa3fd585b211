"""Tables that are no pilot yet: what they lack, and how a pilot is made of them.

A pilot has a row for each error that was measured. Two other shapes are usual: sizes as headers
(`split,1000,2000,4000`), and sizes in a column with replicates as headers (`n_ratings,run1,run2,
run3`). Neither says which error it holds, so they are not guessed at: the message has the line of
pandas that turns them into rows.
"""

import re
from pathlib import Path

import pandas as pd

from twotower.pilot_table import fault
from twotower.sources import LEAST_REPLICATES, PilotError

SIZES = ("n_ratings", "n_train")
REPLICATES = ("replicate", "split")
ERRORS = ("risk", "mse", "error", "rmse")
"""Columns that are taken for the size, the replicate and the error."""
_LIKE_SIZES = ("n", "size", "sizes", "train", "train_size", "n_samples", "ratings", "tr_size")
_LIKE_REPLICATES = ("seed", "fold", "run", "repeat", "trial", "rep", "random_state", "replicates")
_NUMBERED = re.compile(r"(\D*?)(\d+(?:[,_ ]\d{3})*)(\D*)")
_LEAST_SIZE = 10  # smaller numbers as headers count replicates
_ROWS = "a row for each size and replicate"


def lacking(frame: pd.DataFrame, path: Path, named: str = "") -> PilotError | None:
    """The error for a table without sizes, replicates or errors; None where it has all three.

    Args:
        frame: texts, a row for each line.
        named: the column of errors, if the user named one.
    """
    size, replicate, error = (
        next((name for name in names if name in frame), None)
        for names in (SIZES, REPLICATES, (named,) if named else ERRORS)
    )
    if size and replicate and error:
        return None
    if not error and (wide := _wide(frame, path, size, replicate)):
        return wide
    usual = {name.upper(): name for name in (*SIZES, *REPLICATES, *ERRORS)}
    spelled = [n for n in frame if n not in usual.values() and n.upper() in usual]
    missing = [] if size else ["n_ratings"]
    missing += [] if replicate else ["replicate (or split)"]
    missing += [] if error else ["mse (or rmse, risk, error)"]
    told = [f"lacks the column {' and '.join(missing)}; it has {', '.join(frame.columns)}"]
    if spelled:
        told.append(f"write {', '.join(f'{usual[n.upper()]} for {n}' for n in spelled)}")
        return PilotError(f"{path}: {'; '.join(told)}")
    if size and not replicate:
        told.append(_runs(frame[size].is_unique))
    told += [] if size else _renamed(frame, _LIKE_SIZES, SIZES[0])
    told += [] if replicate else _renamed(frame, _LIKE_REPLICATES, REPLICATES[0])
    if not error:
        known = {*SIZES, *REPLICATES, "fraction", "width", "n_users", "n_items"}
        others = [n for n in frame if n not in known and _is_number(frame[n])]
        typed = " or ".join(f"ERROR={name}" for name in others[:4])
        told += [f"if the errors stand under another name, add {typed}"] if typed else []
    return PilotError(f"{path}: {'; '.join(told)}")


def _runs(single: bool) -> str:
    """Why replicates are needed and how they are made; `single`: each size has one row."""
    if single:
        return (
            f"one run of each size is not enough: {LEAST_REPLICATES} or more are needed, since "
            "their scatter alone tells noise from the shape of the curve; run each size again on "
            "other random splits of the ratings (or with other seeds), a row for each run, and "
            "number the runs 0, 1, 2, … in a column replicate"
        )
    return (
        "several rows have one size, and nothing tells which run each is of: number the runs 0, 1, "
        f"2, … in a column replicate ({LEAST_REPLICATES} runs or more, each with all sizes)"
    )


def _renamed(frame: pd.DataFrame, like: tuple[str, ...], due: str) -> list[str]:
    found = [n for n in frame if n.lower().replace(" ", "_") in like]
    return [f"rename the column {found[0]} to {due}, if it is that"] if found else []


def _is_number(values: pd.Series) -> bool:
    return bool(pd.to_numeric(values, errors="coerce").notna().all())


def _wide(frame: pd.DataFrame, path: Path, size: str | None, replicate: str | None):
    """The error for a table with sizes or replicates as headers; None for any other table."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name in frame.columns:
        if found := _NUMBERED.fullmatch(name):
            groups.setdefault((found[1], found[3]), []).append(name)
    (before, after), names = max(
        groups.items(), key=lambda one: len(one[1]), default=(("", ""), [])
    )
    if len(names) < LEAST_REPLICATES:
        return None
    kept = [name for name in frame.columns if name not in names]
    numbers = [int(re.sub(r"\D", "", name)) for name in names]
    size = size or next((n for n in kept if n.lower().replace(" ", "_") in _LIKE_SIZES), None)
    like = next((n for n in kept if n.lower() in _LIKE_REPLICATES), None)
    error = next((n for n in ERRORS if n == before.strip(" _.=-@")), "error")
    steps = [f"import pandas as pd; pd.read_csv({str(path)!r})"]
    thousands = after.lower() == "k"
    if not size and (thousands or min(numbers) >= _LEAST_SIZE):
        steps.append(f"melt({kept!r}, var_name='n_ratings', value_name={error!r})")
        if after or not all(name.isdigit() for name in names):
            cleaned = {after: "000"} if thousands else {r"\D": ""}
            steps.append(f"replace({ {'n_ratings': cleaned}!r}, regex=True)")
        steps += [f"rename(columns={ {like: 'replicate'}!r})"] if like and not replicate else []
        found = f"sizes stand as headers ({', '.join(names[:3])}, …)"
        single = not replicate and not like
    elif size and not replicate:
        steps.append(f"melt({kept!r}, var_name='replicate', value_name={error!r})")
        steps += [f"rename(columns={ {size: 'n_ratings'}!r})"] if size not in SIZES else []
        found, single = f"replicates stand as headers ({', '.join(names[:3])}, …)", False
    else:
        return None
    steps.append(f"to_csv({f'{path.stem}-rows.csv'!r}, index=False)")
    hint = f"in Python: {'.'.join(steps)}"
    if error == "error":
        hint += "; write 'rmse' for 'error' if the errors are roots of mean squares"
    return fault(path, found, _ROWS, f"{hint}; {_runs(True)}" if single else hint)
