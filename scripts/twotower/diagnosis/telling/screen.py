"""What a diagnosis says: one screen, and a page in Markdown."""

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from twotower.base import words
from twotower.diagnosis.factorial import OWN, Rung
from twotower.diagnosis.findings import Findings
from twotower.diagnosis.kinds import kind
from twotower.diagnosis.kinds.kind import Kind

MEANINGS = {
    "noise floor": "what no towers on these covariates can foresee",
    "estimation": "too few {events} for so many weights",
    "approximation": "towers too narrow",
    "rank": "embedding dimension too small",
    "optimization": "training stops short of the minimum",
}
REMEDIES = {
    "estimation": "more {events}, or fewer weights",
    "approximation": "more width",
    "rank": "a larger embedding dimension",
    "optimization": "more steps, or better training",
}
BLIND = (
    "Users and items are told apart by their covariates alone: what other covariates or ids would "
    "tell is part of the noise floor.",
    "More {events} are taken to be of the same kind: as many users and items for each {event}.",
    "Floors beyond the widest and the largest towers that were fitted are extrapolated.",
)
"""What a diagnosis cannot know."""
UNTOLD = (
    "These {events} do not tell {parts} from the noise floor: {sizes} that could tell have too "
    "many weights for them. Intervals count that."
)
_SIZES = {"approximation": "other widths", "rank": "other embedding dimensions"}


def text(found: Findings, subject: str, rungs: Mapping[str, Rung], of: Kind = kind.RATINGS) -> str:
    """The screen, of less than 40 lines."""
    lines = [_head(found, subject, rungs, of), ""]
    parts, limits = _parts(found, of), _limits(found, of)
    lines += [*limits, "", *parts, ""] if of.leads == "buy" else [*parts, "", *limits, ""]
    lines += [*_worth(found), "", *_groups(found, of), *_differences(found)]
    lines += ["", "What it cannot know:", *(f"  - {one}" for one in _blind(found, of))]
    return "\n".join(lines) + "\n"


def report(
    found: Findings, subject: str, rungs: Mapping[str, Rung], of: Kind = kind.RATINGS
) -> str:
    """The page, in Markdown."""
    template = Path(__file__).with_name("report.md.j2")
    return words.rendered(
        template,
        head=_head(found, subject, rungs, of),
        events=of.events,
        limits=_limits(found, of),
        components=found.components.to_dict("records"),
        worth=found.worth.to_dict("records"),
        surely=_surely(found),
        groups=found.groups.to_dict("records"),
        rungs=found.rungs.to_dict("records"),
        meanings={name: _of(of, said) for name, said in MEANINGS.items()},
        differences=_differences(found),
        blind=_blind(found, of),
        shown=_number,
        digits=of.digits,
        share=_share,
    )


def _blind(found: Findings, of: Kind) -> list[str]:
    parts = found.components.loc[~found.components["told"], "part"]
    said = [_of(of, one) for one in BLIND]
    if len(parts):
        sizes = " and ".join(_SIZES[name] for name in parts)
        said.append(UNTOLD.format(events=of.events, parts=" and ".join(parts), sizes=sizes))
    return said


def _of(of: Kind, said: str) -> str:
    """A sentence about ratings, or about clicks."""
    return said.format(event=of.event, events=of.events)


def _head(found: Findings, subject: str, rungs: Mapping[str, Rung], of: Kind) -> str:
    fact, towers = _facts(found), rungs[OWN].towers
    error = _interval(fact["error"], fact["error_low"], fact["error_high"], of.digits)
    blind = fact["error"] >= fact["error_of_constant"]
    return (
        f"{subject}: {fact['ratings']:,.0f} {of.events}, "
        f"{words.count(int(fact['splits']), 'split')}, "
        f"{words.count(int(fact['seeds']), 'seed')} of the training on each. "
        f"Towers of {words.count(towers.depth, 'hidden layer')} of {towers.width} units, "
        f"embedding dimension {towers.rank}, {towers.steps:,} steps of Adam.\n"
        f"Held-out mean {of.loss} {error}{of.unit} ({of.also(fact['error'])}; "
        f"{of.constant_said}: {_number(fact['error_of_constant'], of.digits)})"
        + f"\nThese towers are no better than {of.constant_said}."
        * blind
    )


def _facts(found: Findings) -> dict[str, float]:
    return dict(found.facts.itertuples(index=False))


def _parts(found: Findings, of: Kind) -> list[str]:
    lines = ["The error splits into"]
    for row in found.components.to_dict("records"):
        truth = f"  true {_number(row['truth'])}" if "truth" in row else ""
        lines.append(
            f"  {row['part']:<14} {_interval(row['estimate'], row['low'], row['high']):<27} "
            f"{_share(row['share']):>5}{truth}  {_of(of, MEANINGS[row['part']])}"
        )
    return lines


def _limits(found: Findings, of: Kind) -> list[str]:
    """Of all parts, and of those that can be bought; what the kind leads with stands first."""
    rows = found.limits.set_index("question")
    lines = {
        "largest": _limit(rows.loc["largest"], "The limit", of),
        "buy": _limit(rows.loc["buy"], "Of what can be bought", of),
    }
    if rows.loc["buy", "decided"]:
        lines["buy"] += f" Buy {_of(of, REMEDIES[rows.loc['buy', 'part']])}."
    return [lines.pop(of.leads), *lines.values()]


def _limit(row: pd.Series, what: str, of: Kind) -> str:
    if row["decided"]:
        return f"{what}: {row['part']}, above {row['next']} by " + (
            f"{_interval(row['margin'], row['margin_low'], row['margin_high'])}."
        )
    more = f"no number of {of.events} is sure to tell"
    if pd.notna(row["more_ratings"]):
        more = f"about {_rounded(row['more_ratings'])} more {of.events} would tell"
    return f"{what}: not decided between {row['part']} and {row['next']}; {more}."


def _worth(found: Findings) -> list[str]:
    lines = ["What it would take off the error"]
    for row in found.worth.to_dict("records"):
        said = _interval(row["gain"], row["low"], row["high"])
        lines.append(f"  {row['purchase']:<30} {said:<27} {_share(row['share']):>5}")
    return [*lines, _surely(found)]


def _surely(found: Findings) -> str:
    """Which purchases are worth something, by their intervals, the largest gain first."""
    sure = found.worth[found.worth["low"] > 0].sort_values("gain", ascending=False)
    if sure.empty:
        return "Surely worth something: none of these."
    gains = (f"{row.purchase} ({_share(row.share)})" for row in sure.itertuples())
    return f"Surely worth something: {', '.join(gains)}."


def _groups(found: Findings, of: Kind) -> list[str]:
    lines = []
    for side, rows in found.groups.groupby("side", sort=False):
        few = rows[rows["past"] != "more"]
        extra = few["excess"].sum(skipna=False)
        said = (
            f"{side.capitalize()}s with 20 past {of.events} or fewer: "
            f"{_share(few['ratings'].sum())} of the held-out {of.events}, "
            f"{_share(few['error_share'].sum())} of the error"
        )
        if math.isnan(extra):
            said += "; there are no others to compare with"
        elif not few.empty:
            said += f"; {_share(extra)} of it since they have few"
        lines.append(said + ".")
    return lines


def _differences(found: Findings) -> list[str]:
    fact = _facts(found)
    least, needed = fact["smallest_difference"], int(fact["splits_for_1_percent"])
    return [
        f"Two models are told apart here if their errors differ by {_number(least)} "
        f"({_share(least / fact['error'])}) or more; 1% needs {words.count(needed, 'split')}."
    ]


def _interval(value: float, low: float, high: float, digits: int = 3) -> str:
    return f"{_number(value, digits)} [{_number(low, digits)}, {_number(high, digits)}]"


def _number(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}g}" if abs(value) >= 5e-5 else "0"


def _share(value: float) -> str:
    value = 0.0 if abs(value) < 5e-4 else value  # no -0.0%
    return f"{100 * value:.1f}%" if abs(value) < 0.0995 else f"{100 * value:.0f}%"


def _rounded(number: float) -> str:
    """To two digits."""
    digits = 1 - math.floor(math.log10(max(number, 1)))
    return f"{round(number, digits):,.0f}"
