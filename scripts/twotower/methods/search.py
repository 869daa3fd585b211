"""Which settings of a method are tried: points that fill a box evenly, whatever their number."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Span:
    """A setting between two positive ends, even on the log scale; `whole`: rounded to integers."""

    low: float
    high: float
    whole: bool = False

    def at(self, share: float) -> float | int:
        """The value that leaves this share of the span below it."""
        value = self.low * (self.high / self.low) ** share
        return round(value) if self.whole else float(f"{value:.4g}")


@dataclass(frozen=True)
class Choice:
    """A setting that is one of a few words, each as likely."""

    words: tuple[str, ...]

    def at(self, share: float) -> str:
        """The word at this share of the list."""
        return self.words[int(share * len(self.words))]


def points(box: dict[str, Span | Choice], budget: int) -> list[dict[str, Any]]:
    """`budget` settings of the box, the same for each box of as many settings.

    The first points of Halton's sequence (1960) without its origin: the middle of the first span
    comes first, more points fill the gaps of fewer. A box without settings has one point.
    """
    if not box:
        return [{}]
    # Imported here: it takes a second, and most who import this module only name a box.
    from scipy.stats import qmc

    sequence = qmc.Halton(len(box), scramble=False)
    sequence.fast_forward(1)
    return [
        {name: part.at(share) for (name, part), share in zip(box.items(), row, strict=True)}
        for row in sequence.random(budget)
    ]
