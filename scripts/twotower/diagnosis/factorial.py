"""The factorial: which towers are fitted, on how many ratings, and how they are trained.

`own` are the user's towers as the user trains them. `best` are the same towers close to the
smallest training error (`kinds.kind` names the arms). Around them stand ladders: widths and
embedding dimensions that are halved, doubled, and so on. Each `best` fit is made twice, to all
training ratings and to half.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

OWN, BEST = "own", "best"
SHARES = {"all": 1.0, "half": 0.5}
"""Of the training ratings."""
CROWDED = 0.25
"""Weights for each rating of half of the training ratings, above which a rung is left out: its
errors say how it overfits, not what it could express."""


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


def rungs(towers: Towers) -> Iterator[Rung]:
    """The rungs that exist for these towers: a width or dimension of 1 cannot be halved."""
    for name, factors in OWN_RUNGS.items():
        changed = {key: factor * getattr(towers, key) for key, factor in factors.items()}
        shares = tuple(SHARES) if name == OWN else ("all",)
        yield Rung(name, replace(towers, **changed), OWN, shares)
    yield Rung(BEST, towers, BEST, tuple(SHARES))
    for key, ladder in (("width", WIDTHS), ("rank", RANKS)):
        for name, factor in ladder.items():
            value = round(factor * getattr(towers, key))
            if value >= LEAST[key] and value != getattr(towers, key):
                yield Rung(name, replace(towers, **{key: value}), BEST, tuple(SHARES))


def is_crowded(towers: Towers, trained: int) -> bool:
    """Whether towers have too many weights for half of so many training ratings."""
    return towers.weights() > CROWDED * SHARES["half"] * trained


def left_out(rung: Rung, trained: int) -> bool:
    """Whether a rung of a ladder is not fitted, since its towers are crowded."""
    return rung.name in (*WIDTHS, *RANKS) and is_crowded(rung.towers, trained)
