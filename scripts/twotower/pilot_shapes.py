"""Tables that are no pilot yet: what they lack, and how a pilot is made of them.

A pilot has a row for each error that was measured. Two other shapes are usual: sizes as headers
(`split,1000,2000,4000`), and sizes in a column with replicates as headers (`n_ratings,run1,run2,
run3`). Neither says which error it holds, so they are not guessed at: the message has the line of
pandas that turns them into rows.
"""

import re
import shlex
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
_THOUSAND = ("k", "K")
_LEAST_SIZE = 10  # smaller numbers as headers count replicates
_SUMMARIES = ("summary.csv", "slopes.csv", "rates.csv", "curves.csv")  # of scores and risks
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
    beside = [path.with_name(name) for name in ("scores.csv", "risks.csv")]
    other = next((file for file in beside if file.is_file()), None)
    if other and path.name in _SUMMARIES:
        found = "holds no errors of single runs"
        return fault(
            path,
            found,
            "a table of them",
            f"{other} beside it is one: RISKS={shlex.quote(str(other))}",
        )
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
        texts = [name for name in frame if not _is_number(frame[name])]
        told.append(_runs(not frame.duplicated([size, *texts]).any()))
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
    kept = [name for name in frame.columns if name not in names]
    size = size or next((n for n in kept if n.lower().replace(" ", "_") in _LIKE_SIZES), None)
    error = next((n for n in ERRORS if n == before.strip(" _.=-@")), "error")
    of_sizes = all(int(re.sub(r"\D", "", n)) >= _LEAST_SIZE for n in names) or after in _THOUSAND
    if len(names) < LEAST_REPLICATES or (replicate if size else not of_sizes):
        return None
    if size:
        what, alone = "replicates", False
        steps = [_melted(kept, "replicate", error)]
        steps += [_renaming(size, "n_ratings")] if size not in SIZES else []
    else:
        what = "sizes"
        steps, alone = _from_sizes(frame, kept, error, replicate)
        if after or not all(name.isdigit() for name in names):
            cleaned = {after: "000"} if after in _THOUSAND else {r"\D": ""}
            steps.append(f"replace({ {'n_ratings': cleaned}!r}, regex=True)")
    to = f"to_csv({f'{path.stem}-rows.csv'!r}, index=False)"
    read = f"import pandas as pd; pd.read_csv({str(path)!r})"
    hint = f"in Python: {'.'.join([read, *steps, to])}"
    if error == "error":
        hint += "; write 'rmse' for 'error' if the errors are roots of mean squares"
    found = f"{what} stand as headers ({', '.join(names[:3])}, …)"
    return fault(path, found, _ROWS, f"{hint}; {_runs(True)}" if alone else hint)


def _from_sizes(
    frame: pd.DataFrame, kept: list[str], error: str, replicate: str | None
) -> tuple[list[str], bool]:
    """Steps from sizes as headers to rows, and whether there is but one run of each size."""
    like = next((n for n in kept if n.lower() in _LIKE_REPLICATES), None)
    if replicate or like:
        renamed = [_renaming(like, "replicate")] if not replicate else []
        return [_melted(kept, "n_ratings", error), *renamed], False
    if not (frame.duplicated(kept).any() if kept else len(frame) > 1):
        return [_melted(kept, "n_ratings", error)], True
    number = f"f.groupby({kept!r}).cumcount()" if kept else "f.index"  # each row is a run
    fixed = [*kept, "replicate"]
    return [f"assign(replicate=lambda f: {number})", _melted(fixed, "n_ratings", error)], False


def _melted(kept: list[str], name: str, error: str) -> str:
    return f"melt({kept!r}, var_name={name!r}, value_name={error!r})"


def _renaming(name: str, due: str) -> str:
    return f"rename(columns={ {name: due}!r})"
