"""Which columns of a pilot tell curves apart.

A pilot is one curve: rows for each size and replicate. A column beyond those that `own_pilots`
knows may name curves (method, dataset, rank of the model, …) or hold what was measured in a row
(seconds, epochs, another metric). Two curves whose replicates have names of their own fill the
grid of sizes and replicates without a gap, so that nothing but such a column tells them apart.

Curves that are mixed so share no replicate, or no size. So their label is one value for each
replicate, or one value for each size. A column that varies is no label where

- it has a value of its own in (nearly) each row, or in each size: a curve has several of both;
- it is a number, or a time with its unit, and changes both along the sizes of a replicate and
  among the replicates of a size: it was measured;
- it is a number that depends on the size alone, and only grows or only falls with it: a part of
  the design, such as epochs that grow with the ratings;
- it is a number by whose name replicates are made (seed, fold, split), or has one value for each
  replicate, another one for each, and a name that says so (run_id).

All other columns that vary name curves, or may do so: one value is chosen, or the file is refused.
Text and truth values name curves even where they vary freely. A share of exceptions (`_TIED`) is
allowed for, so that one value left out does not make a label a measurement. A number whose name
is but that of a label (model: 1, 2) is one.

The names of replicates may tell curves apart as well: run_0, run_1, run_2 beside 0, 1, 2 are of two
scripts.
"""

import re
import shlex

import pandas as pd

from twotower.forecast.pilot_files.curve_choice import (
    CHOICES,
    alternatives,
    condition,
    listed,
    one_spelling,
)
from twotower.forecast.pilot_files.source import LEAST_REPLICATES, PilotError


def words(text: str) -> frozenset[str]:
    """The words of a column's name, or of a list: those of bestModel_2 are best and model."""
    return frozenset(re.findall("[a-z]+", re.sub("([a-z])([A-Z])", r"\1 \2", text).lower()))


_LABELS = words(
    "method methods arm model models dataset datasets data set cell metric measure algorithm algo "
    "estimator learner recommender system variant version config configuration setting settings "
    "experiment condition group kind type source domain scenario task treatment strategy subset "
    "part phase stage optimizer architecture backbone"
)
_MADE_BY = words("seed seeds state fold folds split replicate repeat rep reps repetition")
_RUNS = _MADE_BY | words("run trial bootstrap id uuid index time timestamp date")
_CODES = words("n no nr number code id index")
_ALLOWED = frozenset({"n_test"})  # of a table of scores: the size of each split's test part
_STAMP = re.compile(
    r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d.*"  # a day alone may well name a curve
    r"|\d+:\d\d(:\d\d)?(\.\d+)?|(\d+(\.\d+)? ?(ms|s|sec|min|m|h|d) ?)+"  # how long it took
)
_TIED = 0.75  # of the rows have the most common value of their replicate, or of their size
_OWN = 0.9  # of the rows have a value that no other row has: as good as each


def check_one_curve(
    frame: pd.DataFrame, known: set[str], size: pd.Series, run: pd.Series, path: object
) -> None:
    """Raise PilotError where a column may tell curves apart, with what to type.

    Args:
        frame: texts, a row for each error.
        known: columns that are no label by what they are.
        size, run: of each row, its size (a number) and its replicate.
    """
    names = [
        name for name in frame if name not in known and tells_apart(frame[name], name, size, run)
    ]
    if not names:
        return
    for name in names:
        one_spelling(frame[name], name, path)
    names.sort(key=lambda name: name not in CHOICES)
    held = ", ".join(f"{name} ({listed(frame[name])})" for name in names)
    typed = [alternatives(name, frame[name]) for name in names if name in CHOICES]
    others = [name for name in names if name not in CHOICES]
    if len(others) == 1:
        typed.append(alternatives(others[0], frame[others[0]]))
    elif others:
        example = "; ".join(condition(name, frame[name].iloc[0]) for name in others)
        typed.append(f"WHERE={shlex.quote(example)}, or other values of these")
    raise PilotError(
        f"{path}: the rows may belong to several curves, because they differ in {held}; allowed: "
        f"one curve; remove a column that names no curve, or add {', and '.join(typed)}"
    )


def check_one_scheme(run: pd.Series, path: object) -> None:
    """Raise PilotError where replicates are named in several ways, as by scripts for each curve."""
    named = pd.Series(run.astype(str).unique())
    schemes = named.groupby(named.str.replace(r"\d+", "#", regex=True), sort=False)
    if len(schemes) > 1 and schemes.size().min() >= LEAST_REPLICATES:
        ways = " and ".join(f"{', '.join(found[:2])}, …" for _, found in schemes)
        raise PilotError(
            f"{path}: replicates are named in {len(schemes)} ways ({ways}), and the rows may "
            "belong to several curves; allowed: one way; keep the rows of one curve, or name the "
            "replicates alike"
        )


def tells_apart(values: pd.Series, name: str, size: pd.Series, run: pd.Series) -> bool:
    """Whether a column may name curves; the module's docstring has the rule."""
    values = values.astype(str)
    count = values.nunique()
    if count == 1 or count >= _OWN * len(values) or name in _ALLOWED:
        return False
    filled = values[values != ""]
    numbers = pd.to_numeric(filled, errors="coerce")
    if len(filled) == len(values) and numbers.notna().all() and numbers.nunique() == 1:
        return False  # 8 and 8.0
    measured = numbers.notna().all() or filled.str.fullmatch(_STAMP).all()
    named = words(name)
    made_by = bool(named & _MADE_BY)
    if named & _LABELS and not made_by and (not measured or named <= _LABELS | _CODES):
        return True
    if _one_to_one(values, size) or (named & _RUNS and _one_to_one(values, run)):
        return False
    if not measured or (not made_by and _tied(values, run) is not None):
        return True
    of_size = _tied(values, size)
    if of_size is None:
        return False
    along = pd.to_numeric(of_size[of_size != ""].sort_index(), errors="coerce")
    return not (along.is_monotonic_increasing or along.is_monotonic_decreasing)


def _one_to_one(values: pd.Series, by: pd.Series) -> bool:
    pairs = pd.DataFrame({"value": values, "by": by}).drop_duplicates()
    return pairs["value"].is_unique and pairs["by"].is_unique


def _tied(values: pd.Series, by: pd.Series) -> pd.Series | None:
    """The most common value of each size or replicate, if most rows have it and they differ."""
    if 2 * by.nunique() > len(values):
        return None  # each stands alone: nothing can be told
    counts = values.groupby(by).value_counts()
    most = counts.groupby(level=0).head(1)  # they are sorted, the most common one first
    modes = pd.Series(most.index.get_level_values(1), most.index.get_level_values(0))
    return modes if most.sum() >= _TIED * len(values) and modes.nunique() > 1 else None
