"""The factorial: which towers are fitted, on how many ratings, and how they are trained.

`own` are the user's towers as the user trains them. `best` are the same towers close to the
smallest training error (`kinds.kind` names the arms). Around them stand ladders: widths and
embedding dimensions that are halved, doubled, and so on. Each `best` fit is made twice, to all
training ratings and to half.
"""

from dataclasses import dataclass, replace
from typing import Any

OWN, BEST = "own", "best"
SHARES = {"all": 1.0, "half": 0.5}
"""Of the training ratings."""
CROWDED = 0.25
"""Weights for each rating of half of the training ratings, above which a rung is left out: its
errors say how it overfits, not what it could express."""

FEWEST_SPLITS = 2
"""Of a diagnosis: one has no spread."""


@dataclass(frozen=True)
class Towers:
    """The user's towers and how they are trained.

    Attributes:
        width, depth: hidden units in a layer, and hidden layers.
        rank: the embedding dimension p.
        steps, batch_size, learning_rate: of Adam.
    """

    width: int
    depth: int
    rank: int
    steps: int
    batch_size: int
    learning_rate: float

    def weights(self) -> int:
        """Free weights of both output layers, ν = 2 p (W + 1) − p²: what least squares fits."""
        rank = min(self.rank, self.width + 1)
        return 2 * rank * (self.width + 1) - rank**2

    def adam(self) -> dict[str, Any]:
        """Settings of arm `adam`."""
        names = ("steps", "batch_size", "learning_rate")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Rung:
    """One job of fits: towers, the way in which they are trained, and shares of the ratings."""

    name: str
    towers: Towers
    training: str
    shares: tuple[str, ...]


WIDTHS = {"width-16th": 1 / 16, "width-4th": 0.25, "width-half": 0.5, "width-2": 2, "width-4": 4}
RANKS = {"rank-half": 0.5, "rank-2": 2, "rank-4": 4}
"""Rungs of both ladders, as factors."""
LEAST = {"width": 2, "rank": 1}
"""Of a rung."""
OWN_RUNGS = {
    "own": {},
    "own-width-2": {"width": 2},
    "own-rank-2": {"rank": 2},
    "own-steps-2": {"steps": 2},
}
"""What the user might buy, as factors on the user's own towers."""
RUNGS = (*OWN_RUNGS, BEST, *WIDTHS, *RANKS)


def rungs(towers: Towers, trained: int | None = None) -> dict[str, Rung]:
    """The rungs by name: a width or dimension of 1 cannot be halved.

    Args:
        trained: training ratings. Rungs of the ladders that are crowded with so many are left out.
            Where the user's towers are, embedding dimensions are those of narrower ones (`base`).
            None: every rung that there can be.
    """
    found = []
    for name, factors in OWN_RUNGS.items():
        changed = {key: factor * getattr(towers, key) for key, factor in factors.items()}
        shares = tuple(SHARES) if name == OWN else ("all",)
        found.append(Rung(name, replace(towers, **changed), OWN, shares))
    found.append(Rung(BEST, towers, BEST, tuple(SHARES)))
    beside = towers if trained is None else base(towers, trained)[1]
    for key, ladder in (("width", WIDTHS), ("rank", RANKS)):
        around = towers if key == "width" else beside
        for name, factor in ladder.items() if around else ():
            made = _times(around, key, factor)
            if made and not (trained and is_crowded(made, trained)):
                found.append(Rung(name, made, BEST, tuple(SHARES)))
    return {rung.name: rung for rung in found}


def base(towers: Towers, trained: int) -> tuple[str, Towers | None]:
    """The rung around which embedding dimensions are varied, and its towers.

    That is `best`. Where it is crowded, it is the widest narrower rung that is not, with as many
    units as dimensions or more; else there is none, and the dimensions tell nothing.
    """
    if not is_crowded(towers, trained):
        return BEST, towers
    for name, factor in sorted(WIDTHS.items(), key=lambda rung: -rung[1]):
        made = _times(towers, "width", factor) if factor < 1 else None
        if made and made.width >= made.rank and not is_crowded(made, trained):
            return name, made
    return "", None


def _times(towers: Towers, key: str, factor: float) -> Towers | None:
    """Towers with so many times the width or dimension, None if that is too few or the same.

    Towers of fewer units than dimensions lack dimensions as well: they are not made narrower.
    """
    value = round(factor * getattr(towers, key))
    least = max(LEAST[key], towers.rank - 1) if key == "width" and factor < 1 else LEAST[key]
    if value < least or value == getattr(towers, key):
        return None
    return replace(towers, **{key: value})


def is_crowded(towers: Towers, trained: int) -> bool:
    """Whether towers have too many weights for half of so many training ratings."""
    return towers.weights() > CROWDED * SHARES["half"] * trained
