"""The numbers in the words of the rules: each is one that the thresholds give, or is refused.

Words and numbers stand side by side in the frozen decisions, and readers see the words alone: a
ledger must never say "ends below 1.25" beside a verdict by 1.02.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping

PHRASES: dict[str, tuple[str, ...]] = {
    "primary": ("is within [{meta_slope_low}, {meta_slope_high}]",),
    "levels": ("within a factor {level_ratio} at every size",),
    "approximation": ("within {approximation_tolerance}% of it",),
    "estimation": (
        "ends at or below {upper_tolerance}",
        "at most {1 - consistent_share}% flatten",
        "wholly above {upper_tolerance}",
    ),
    "tails": ("is within ± {2 delta:.2f}",),
    "limit": ("at or below {-1 + 2 delta:.2f} (-1 + 2δ)",),
    "predicted": ("is within ± {2 delta:.2f}|within 2δ",),
    "smoothness": ("2δ or more apart",),
    "intrinsic": ("2δ or more apart",),
    "ambient": (
        "holds 0 and is within ± {max_ambient_interval}, or is within ± {ambient_slope}",
        "wholly outside ± {ambient_slope}",
    ),
    "ambient_level": ("within a factor {level_ratio} per factor 10",),
    "dimensions": ("within δ of 0",),
    "cold_start": ("ends below {cold_start_ratio} in",),
    "sampling": ("within 2δ",),
    "off_manifold": ("within 2δ",),
    "embedding_dim": ("within a factor {floor_factor} of the floor",),
    "null_cells": ("is {null_risk} or more",),
    "falsifiability": ("its logarithms and δ",),
    "extrapolation": (
        "{confidence}% intervals of the {extrapolated_sizes} largest sizes",
        "holds if {extrapolation_coverage}% or more",
        "a coverage of {extrapolation_coverage}% is ruled out",
        "one-sided {1 - confidence}%",
    ),
}
"""By rule, what its words must say; `|` stands between two ways to say one thing. A name in braces
is a threshold or made from one, with a percent sign as a share; δ is a threshold without digits."""

SAID_ELSEWHERE = {"confidence": 0.95, "extrapolated_sizes": 2}
"""Tables, figures, captions and pages say "95% interval" and "the two largest sizes" all over."""

_MADE: dict[str, tuple[str, Callable[[float], float]]] = {
    "2 delta": ("delta", lambda delta: 2 * delta),
    "-1 + 2 delta": ("delta", lambda delta: 2 * delta - 1),
    "1 - consistent_share": ("consistent_share", lambda share: 1 - share),
    "1 - confidence": ("confidence", lambda confidence: 1 - confidence),
}
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SLOT = re.compile(r"\{([^}:]+)(:[^}]+)?\}(%?)")
_NUMBER = r"([-−+]?\w(?:[\w.,]*\w)?)"
# No threshold: 0 and ±1, exponents and formulas of theory, numbers of theorems and lemmas, what the
# statistic is (a constant of `rates.departures`), the unit of a change.
_NO_THRESHOLD = re.compile(
    r"(?:Theorem|Lemma) \d\b|log10 D|factor 10 in D|the 90% quantile"
    r"|(?<![\w.])(?:-?2β/|2β\b|2δ)|(?<![\w.])[-±]?[01](?![\w.]*\d)(?![%\w])"
)
_TOKEN = re.compile(r"[^\s()\[\];]*\d[^\s()\[\];]*")


def faults(thresholds: Mapping[str, float], claims: Iterable) -> list[str]:
    """Where the words of rules and the thresholds disagree, in lines; empty if nowhere.

    Args:
        claims: as of `decisions.Claim`; looked at are their statement, prediction and judged.
    """
    found = [
        f"thresholds.{name} is {thresholds[name]:g}; allowed: {said:g}, as tables, figures and "
        "pages say it in words"
        for name, said in SAID_ELSEWHERE.items()
        if thresholds[name] != said
    ]
    for claim in claims:
        texts = {
            f"claims.{claim.id}.{field}": " ".join(getattr(claim, field).split())
            for field in ("statement", "prediction", "judged")
        }
        for phrase in PHRASES.get(claim.rule, ()):
            said = False
            for way in phrase.split("|"):
                for place, text in texts.items():
                    matches = list(_pattern(way).finditer(text))
                    said = said or bool(matches)
                    found += [_differs(place, way, each, thresholds) for each in matches]
                    texts[place] = _pattern(way).sub(" ", text)
            if not said:
                due = " or ".join(f"'{filled(way, thresholds)}'" for way in phrase.split("|"))
                found.append(f"claims.{claim.id}.judged lacks {due}: write that")
        for place, text in texts.items():
            for token in _TOKEN.findall(_NO_THRESHOLD.sub(" ", text)):
                found.append(f"{place} says '{token}', which no threshold of its rule gives")
    return list(dict.fromkeys(filter(None, found)))


def number(slot: str, thresholds: Mapping[str, float]) -> float:
    """The number that a name in braces stands for."""
    name, make = _MADE.get(slot, (slot, float))
    return make(thresholds[name])


def filled(text: str, thresholds: Mapping[str, float]) -> str:
    """A text with the numbers in place of its names in braces."""
    return _SLOT.sub(lambda slot: _written(slot, thresholds), text)


def _written(slot: re.Match, thresholds: Mapping[str, float]) -> str:
    name, form, percent = slot.groups()
    value = number(name, thresholds) * (100 if percent else 1)
    if name == "extrapolated_sizes" and value < len(_COUNTS):
        return _COUNTS[int(value)]
    short = f"{value:.10g}"
    exact = not form or not math.isclose(float(format(value, form[1:])), value, rel_tol=1e-9)
    return f"{short if exact else format(value, form[1:])}{percent}"


def _pattern(way: str) -> re.Pattern:
    """What finds a phrase, whatever numbers stand in it."""
    parts, end = [], 0
    for slot in _SLOT.finditer(way):
        parts += [re.escape(way[end : slot.start()]), _NUMBER, re.escape(slot[3])]
        end = slot.end()
    return re.compile("".join([*parts, re.escape(way[end:])]))


def _differs(place: str, way: str, said: re.Match, thresholds: Mapping[str, float]) -> str:
    """The complaint about a phrase whose numbers are others than the thresholds'; "" if none is."""
    for slot, text in zip(_SLOT.finditer(way), said.groups(), strict=True):
        due = number(slot[1], thresholds) * (100 if slot[3] else 1)
        if not math.isclose(_read(text), due, rel_tol=1e-9, abs_tol=1e-12):
            name = _MADE.get(slot[1], (slot[1],))[0]
            return (
                f"{place} says '{said[0]}'; thresholds.{name} is {thresholds[name]:g}, "
                f"which reads '{filled(way, thresholds)}': write that"
            )
    return ""


def _read(text: str) -> float:
    text = text.rstrip(".,").replace("−", "-")
    try:
        return float(_COUNTS.index(text) if text in _COUNTS else text)
    except ValueError:
        return math.nan
