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

from twotower.forecast.pilot_files import names as pilot_names
from twotower.forecast.pilot_files.source import LEAST_REPLICATES, PilotError
from twotower.forecast.pilot_files.table import fault

SIZES = ("n_ratings", "n_train")
REPLICATES = ("replicate", "split")
ERRORS = ("risk", "mse", "error", "rmse")
"""Columns that are taken for the size, the replicate and the error."""
_THOUSAND = ("k", "K")
_LEAST_SIZE = 10  # smaller numbers as headers count replicates
_WHOLE = ", with the number of ratings of the whole data in place of N"
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
    sized, run = size or pilot_names.like_size(frame), pilot_names.like_replicate(frame)
    if not size and sized:
        told.append(_renamed(sized, SIZES[0]))
    if not replicate and run:
        told.append(_renamed(run, REPLICATES[0]))
    elif not replicate and sized:
        named = [n for n in frame if not pilot_names.is_number(frame[n])]
        named = [n for n in named if frame[n].duplicated().any()]  # not of each row
        told.append(_runs(not frame.duplicated([sized, *named]).any()))
    if not error:
        known = {*SIZES, *REPLICATES, "fraction", "width", "n_users", "n_items"}
        others = pilot_names.like_errors(frame, known)
        typed = " or ".join(shlex.quote(f"ERROR={name}") for name in others[:4])
        told += [f"if the errors stand under another name, add {typed}"] if typed else []
    return PilotError(f"{path}: {'; '.join(told)}")


def _runs(single: bool) -> str:
    """Why replicates are needed and how they are made; `single`: each size has one row."""
    if single:
        return (
            f"one run of each size is not enough: {LEAST_REPLICATES} or more are needed: only "
            "their scatter separates noise from the shape of the curve; run each size again on "
            "other random splits of the ratings (or with other seeds), a row for each run, and "
            "number the runs 0, 1, 2, … in a column replicate"
        )
    return (
        "several rows have one size, and no column names the run of each row: number the runs 0, "
        f"1, 2, … in a column replicate ({LEAST_REPLICATES} runs or more, each with all sizes)"
    )


def _renamed(name: str, due: str) -> str:
    return f"rename the column {name} to {due}, if it is that"


def _wide(frame: pd.DataFrame, path: Path, size: str | None, replicate: str | None):
    """The error for a table with sizes or replicates as headers; None for any other table."""
    index = [name for name in frame.columns if pilot_names.is_unnamed(name)]
    frame = frame.drop(columns=index)
    left = [f"drop(columns={index!r})"] if index else []
    parts, percent = pilot_names.shares(list(frame.columns))
    if not size and len(parts) >= LEAST_REPLICATES:
        kept = [name for name in frame.columns if name not in parts]
        steps, alone = _from_sizes(frame, kept, "fraction", "error", replicate)
        share = "f['fraction'].str.rstrip('%').astype(float) / 100" if percent else None
        steps += [f"assign(fraction=lambda f: {share})"] if percent else []
        steps += ["assign(n_ratings=lambda f: (N * f['fraction'].astype(float)).round())"]
        return _told(path, "shares of the data", parts, [*left, *steps], "error", alone, _WHOLE)
    groups = pilot_names.numbered(list(frame.columns))
    (before, after), names = max(groups.items(), key=_best, default=(("", ""), []))
    for one in groups:  # of scores on training ratings, say, or of smallest values
        if one != (before, after) and len(groups[one]) >= LEAST_REPLICATES:
            frame = frame.drop(columns=groups[one])
            left.append(_without(one, (before, after)))
    kept = [name for name in frame.columns if name not in names]
    size = size or pilot_names.like_size(frame[kept])
    error = next((n for n in ERRORS if n == before.strip(" _.=-@")), "error")
    of_sizes = all(int(re.sub(r"\D", "", n)) >= _LEAST_SIZE for n in names) or after in _THOUSAND
    if len(names) < LEAST_REPLICATES or (replicate if size else not of_sizes):
        return None
    if size:
        steps = [_melted(kept, "replicate", error)]
        steps += [_renaming(size, "n_ratings")] if size not in SIZES else []
        return _told(path, "replicates", names, [*left, *steps], error, False)
    steps, alone = _from_sizes(frame, kept, "n_ratings", error, replicate)
    if after in _THOUSAND or not all(map(_is_plain, names)) or all(map(_has_points, names)):
        cleaned = {after: "000"} if after in _THOUSAND else {r"\D": ""}
        steps.append(f"replace({ {'n_ratings': cleaned}!r}, regex=True)")
    return _told(path, "sizes", names, [*left, *steps], error, alone)


def _best(group: tuple[tuple[str, str], list[str]]) -> tuple:
    """Of groups of headers the largest; of equal ones that of test ratings, the shortest name."""
    (before, after), names = group
    text = f"{before} {after}".lower()
    return len(names), "test" in text, "train" not in text, -len(text)


def _without(group: tuple[str, str], chosen: tuple[str, str]) -> str:
    """The step that leaves out the columns of another group."""
    if group[0] and not chosen[0].startswith(group[0]):
        return f"loc[:, lambda f: ~f.columns.str.match({re.escape(group[0]) + '[0-9]'!r})]"
    return f"loc[:, lambda f: ~f.columns.str.contains({'[0-9]' + re.escape(group[1]) + '$'!r})]"


def _told(
    path: Path, what: str, names: list[str], steps: list[str], error: str, alone: bool, where=""
) -> PilotError:
    to = f"to_csv({f'{path.stem}-rows.csv'!r}, index=False)"
    read = f"import pandas as pd; pd.read_csv({str(path)!r})"
    hint = f"in Python{where}: {'.'.join([read, *steps, to])}"
    if error == "error":
        hint += "; write 'rmse' for 'error' if the errors are roots of mean squares"
    found = f"{what} stand as headers ({', '.join(names[:3])}, …)"
    return fault(path, found, _ROWS, f"{hint}; {_runs(True)}" if alone else hint)


def _from_sizes(
    frame: pd.DataFrame, kept: list[str], name: str, error: str, replicate: str | None
) -> tuple[list[str], bool]:
    """Steps from sizes as headers to rows, and whether there is but one run of each size."""
    like = pilot_names.like_replicate(frame[kept])
    if replicate or like:
        renamed = [_renaming(like, "replicate")] if not replicate else []
        return [_melted(kept, name, error), *renamed], False
    if not (frame.duplicated(kept).any() if kept else len(frame) > 1):
        return [_melted(kept, name, error)], True
    number = f"f.groupby({kept!r}).cumcount()" if kept else "f.index"  # each row is a run
    fixed = [*kept, "replicate"]
    return [f"assign(replicate=lambda f: {number})", _melted(fixed, name, error)], False


def _is_plain(name: str) -> bool:
    """Whether a header is a number as it stands, such as 1000, 1000.0 or 1e3."""
    return pilot_names.is_number(pd.Series([name]))


def _has_points(name: str) -> bool:
    return re.fullmatch(r"\d{1,3}(\.\d{3})+", name) is not None


def _melted(kept: list[str], name: str, error: str) -> str:
    return f"melt({kept!r}, var_name={name!r}, value_name={error!r})"


def _renaming(name: str, due: str) -> str:
    return f"rename(columns={ {name: due}!r})"
