"""The ladder on which an audit compares a rerun file with the recorded one, rung by rung."""

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np

from twotower.audits.compare import contents
from twotower.audits.compare.parts import ContentError, Kind, Part
from twotower.audits.compare.tolerances import Figures, Tolerances
from twotower.base import files


class Rung(IntEnum):
    """How near a rerun comes to what was recorded; the highest rung first."""

    BYTES = 1
    CONTENT = 2
    NUMERICAL = 3
    STATISTICAL = 4
    DIFFERENT = 5

    @property
    def words(self) -> str:
        """The rung, for readers."""
        return _WORDS[self]


_WORDS = {
    Rung.BYTES: "same bytes",
    Rung.CONTENT: "same content",
    Rung.NUMERICAL: "within the numerical tolerance",
    Rung.STATISTICAL: "within the statistical tolerance",
    Rung.DIFFERENT: "different",
}


_MOST_TIMES, _MOST_MORE = 20, 1_000_000
"""A recorded file of more bytes than so many times what the rerun made, and so many, is not read:
who made it may want the audit to take for ever."""


@dataclass(frozen=True)
class Compared:
    """The rung that a rerun reached, and in words how far it lies off."""

    rung: Rung
    detail: str = ""


def compare(recorded: Path, rerun: Path, kind: str, tolerances: Tolerances) -> Compared:
    """A rerun file against the recorded one.

    Args:
        kind: of result, as `tolerances.numerical` names them.
    """
    size, made = recorded.stat().st_size, rerun.stat().st_size
    if size > _MOST_TIMES * made + _MOST_MORE:
        told = f"{size:,} bytes, the rerun made {made:,}: too many more to be read"
        return Compared(Rung.DIFFERENT, told)
    if size == made and files.sha256(recorded) == files.sha256(rerun):
        return Compared(Rung.BYTES)
    try:
        was, now = contents.read(recorded), contents.read(rerun)
    except ContentError as error:
        return Compared(Rung.DIFFERENT, str(error))
    if was.keys() != now.keys():
        odd = sorted(was.keys() ^ now.keys())
        return Compared(Rung.DIFFERENT, f"only one of the two has {', '.join(odd[:5])}")
    unequal = [name for name in was if not _equal(was[name], now[name])]
    if not unequal:
        return Compared(Rung.CONTENT, "other bytes say the same")
    judged = {
        name: _judged(was[name], now[name], tolerances.numerical.of(kind), tolerances.figures)
        for name in unequal
    }
    beyond = {name: detail for name, (within, detail) in judged.items() if not within}
    rung = Rung.DIFFERENT if beyond else Rung.NUMERICAL
    shown = beyond or {name: detail for name, (_, detail) in judged.items()}
    details = [f"{name}: {detail}" for name, detail in shown.items()]
    more = f" (and {len(details) - 2} more parts)" if len(details) > 2 else ""
    return Compared(rung, "; ".join(details[:2]) + more)


def near_text(was: str, now: str) -> bool:
    """Whether texts have the same words, and printed numbers within a unit of the last digit."""
    one, other = contents.printed(was), contents.printed(now)
    return all(_equal(one[name], other[name]) or _printed(one[name], other[name]) for name in one)


def _printed(was: Part, now: Part) -> bool:
    if was.kind != Kind.PRINTED or was.values.shape != now.values.shape:
        return False
    # differences of decimals are rounded
    units = 1.000001 * np.maximum(was.units, now.units)
    return bool((np.abs(was.values - now.values) <= units).all())


def _equal(was: Part, now: Part) -> bool:
    if was.values.shape != now.values.shape or was.values.dtype != now.values.dtype:
        return False
    if was.values.dtype == object:
        return bool((was.values == now.values).all())
    if was.kind == now.kind == Kind.PRINTED and not np.array_equal(was.units, now.units):
        return False  # other digits say that more or less is known
    return np.array_equal(was.values, now.values, equal_nan=was.values.dtype.kind == "f")


def _judged(was: Part, now: Part, relative: float, figures: Figures) -> tuple[bool, str]:
    """Whether a part is within its tolerance, and how far it lies off in words."""
    if was.values.shape != now.values.shape:
        return False, f"shape {_shape(now)}, recorded was {_shape(was)}"
    if Kind.WORDS in (was.kind, now.kind):
        return False, _first(was.values, now.values)
    if Kind.COUNTS in (was.kind, now.kind):
        types = was.values.dtype, now.values.dtype
        told = f"type {types[1]}, recorded was {types[0]}"
        return False, told if types[0] != types[1] else _first(was.values, now.values)
    if was.kind == Kind.PIXELS:
        return _pixels(was.values, now.values, figures)
    one, other = was.values.astype(float), now.values.astype(float)
    odd = ~(np.isfinite(one) & np.isfinite(other))
    if not np.array_equal(one[odd], other[odd], equal_nan=True):
        return False, _first(one, other)
    off = np.abs(np.where(odd, 0.0, other) - np.where(odd, 0.0, one))
    if was.kind == Kind.POINTS:
        return bool(off.max() <= figures.points), f"off by up to {off.max():.2g} points"
    if was.kind == Kind.PRINTED:
        within = _printed(was, now)
        return within, "the last digit printed" if within else _first(one, other)
    finite = one[~odd]
    if was.kind == Kind.ARRAY:
        scale = np.full_like(one, np.sqrt(np.mean(finite**2)) if finite.size else 0.0)
    else:
        scale = np.maximum(np.abs(one), np.abs(other))
    with np.errstate(divide="ignore"):  # of an array of zeros
        share = np.divide(off, scale, out=np.zeros_like(off), where=off > 0)
    share[~(scale > 0) & (off > 0)] = np.inf
    worst = float(share.max())
    count = int((off > 0).sum())
    told = f"{count:,} of {off.size:,} numbers, by up to {worst:.2g} of "
    told += "the array's size" if was.kind == Kind.ARRAY else "their own"
    return worst <= relative, told if worst <= relative else f"{told} ({_worst(one, other, share)})"


def _pixels(was: np.ndarray, now: np.ndarray, figures: Figures) -> tuple[bool, str]:
    off = np.abs(was.astype(np.int16) - now.astype(np.int16)).max(axis=-1) / 255.0
    share = float((off > 0).mean())
    within = share <= figures.pixels and float(off.max()) <= figures.shade
    return within, f"{share:.2%} of the pixels, by up to {off.max():.0%} of a shade"


def _worst(one: np.ndarray, other: np.ndarray, share: np.ndarray) -> str:
    place = np.unravel_index(int(share.argmax()), share.shape)
    return f"{_place(place)}{other[place]:.6g}, recorded was {one[place]:.6g}"


def _first(one: np.ndarray, other: np.ndarray) -> str:
    """The first value that differs."""
    unequal = one != other
    if one.dtype.kind == "f" and other.dtype.kind == "f":
        unequal &= ~(np.isnan(one) & np.isnan(other))
    place = np.unravel_index(int(unequal.argmax()), unequal.shape)
    count = f"{int(unequal.sum()):,} of {unequal.size:,} differ, first "
    return f"{count}{_place(place)}{_short(other[place])}, recorded was {_short(one[place])}"


def _place(place: tuple) -> str:
    return f"at {', '.join(str(int(index) + 1) for index in place)}: "


def _short(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _shape(part: Part) -> str:
    return "×".join(map(str, part.values.shape)) or "1"
