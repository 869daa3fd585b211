"""From the predictions of all rungs to the tables of a diagnosis."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twotower.diagnosis import cold, components, factorial, fits, resampling, verdicts, worth
from twotower.diagnosis.factorial import BEST, OWN, RANKS, WIDTHS, Rung
from twotower.diagnosis.kinds import kind
from twotower.diagnosis.kinds.kind import CONSTANT, Kind
from twotower.real.ratings import RealRatings


@dataclass(frozen=True)
class Findings:
    """Tables of a diagnosis; docs/tables.md says what their columns are.

    Attributes:
        components, worth, groups, rungs: one table each.
        limits: the largest part of all, and of those that can be bought.
        facts: single numbers.
    """

    components: pd.DataFrame
    worth: pd.DataFrame
    groups: pd.DataFrame
    rungs: pd.DataFrame
    limits: pd.DataFrame
    facts: pd.DataFrame


def judged(
    data: RealRatings,
    rungs: Mapping[str, Rung],
    fitted: Mapping[str, Mapping[str, np.ndarray]],
    count: int,
    seed: int,
    truth: Mapping[str, float] | None = None,
) -> Findings:
    """All tables.

    Args:
        rungs, fitted: by name, the rungs and what `fits.measured` gave of them.
        count: splits.
        truth: the parts by name where they are known.
    """
    parts = [fits.split_of(data, index, seed) for index in range(count)]
    trained = len(parts[0].train)
    of = kind.of(data)
    squares = of.held_out(data, parts, fitted)
    errors = resampling.resampled([data.users[part.test] for part in parts], squares, seed)
    found = taken_apart(errors, rungs, trained, seed, of)
    own, total = squares[f"{OWN}/all"], found.total
    worths = worth.worths(errors, seed, of)
    bought = [{"purchase": name} | _row("gain", gain, total) for name, gain in worths.items()]
    groups = [
        {"side": side} | row
        for side, ids in (("user", data.users), ("item", data.items))
        for row in cold.groups(ids, parts, own)
    ]
    limits = [
        {"question": question} | _limit(verdicts.limit(found, among), len(data.ratings))
        for question, among in (("largest", components.NAMES), ("buy", components.BUYS))
    ]
    least, needed = worth.smallest_difference(errors, count)
    facts = {
        **dict(zip(("error", "error_low", "error_high"), verdicts.interval(total), strict=True)),
        "error_of_constant": errors[f"{CONSTANT}/all"][0],
        "gained_by_stopping": found.gained[0],
        "smallest_difference": least,
        "splits_for_1_percent": needed,
        "ratings": len(data.ratings),
        "users": len(np.unique(data.users)),
        "items": len(np.unique(data.items)),
        "trained": trained,
        "splits": count,
        "seeds": own.shape[1],
    }
    return Findings(
        _components(found, truth or {}),
        pd.DataFrame(bought),
        pd.DataFrame(groups),
        _rungs(rungs, errors),
        pd.DataFrame(limits),
        pd.DataFrame(facts.items(), columns=["fact", "value"]),
    )


def _row(value: str, draws: np.ndarray, total: np.ndarray) -> dict[str, float]:
    """A value with its interval, and its share of the whole error."""
    middle, low, high = verdicts.interval(draws)
    return {value: middle, "low": low, "high": high, "share": middle / total[0]}


def _components(found: components.Components, truth: Mapping[str, float]) -> pd.DataFrame:
    rows = []
    for name, draws in found.parts.items():
        row = {"part": name} | _row("estimate", draws, found.total)
        row["told"] = name not in found.untold
        rows.append(row | ({"truth": truth[name]} if truth else {}))
    return pd.DataFrame(rows)


def taken_apart(
    errors: dict[str, np.ndarray],
    rungs: Mapping[str, Rung],
    trained: int,
    seed: int,
    of: Kind = kind.RATINGS,
) -> components.Components:
    """The parts, from the errors of the rungs and their sizes."""
    base, _ = factorial.base(rungs[BEST].towers, trained)
    widths, ranks = (
        {name: getattr(rungs[name].towers, key) for name in (*ladder, own) if name in rungs}
        for key, ladder, own in (("width", WIDTHS, BEST), ("rank", RANKS, base))
    )
    constant = errors[f"{CONSTANT}/all"]
    return components.split_up(errors, widths, ranks, base, constant, seed, of.unlimited)


def _rungs(rungs: Mapping[str, Rung], errors: dict[str, np.ndarray]) -> pd.DataFrame:
    rows = []
    for name, draws in errors.items():
        rung, _, share = name.partition("/")
        if rung != CONSTANT:
            value, low, high = verdicts.interval(draws)
            towers = rungs[rung].towers
            about = {"rung": rung, "training": rungs[rung].training, "ratings": share}
            about |= {"width": towers.width, "embedding_dim": towers.rank, "steps": towers.steps}
            rows.append(about | {"error": value, "low": low, "high": high})
    return pd.DataFrame(rows)


def _limit(limit: verdicts.Limit, ratings: int) -> dict:
    value, low, high = limit.margin
    more = None if limit.more is None else math.ceil((limit.more - 1.0) * ratings)
    return {
        "part": limit.name, "next": limit.second, "decided": limit.decided,
        "margin": value, "margin_low": low, "margin_high": high, "more_ratings": more,
    }  # fmt: skip
