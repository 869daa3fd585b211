"""What a cheat is, and the list of all.

A cheat changes a copy of a finished, sealed and signed tiny study, and returns the path of the file
that must be named; "" if no single file is at fault. `caught_by` says who must find it, "verify"
or "audit", and words that must be among what is said of that file. What verify does not catch is
for the audit's rerun.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from forging import Forgery

CHEATS: list["Cheat"] = []
TABLE = "results/tables/claims.csv"
DECISIONS = "workflow/decisions.yaml"
LOCK = "envs/requirements.txt"
MANIFEST = "results/seal/manifest.json"
STUDY = "workflow/studies/tiny.yaml"


@dataclass(frozen=True)
class Cheat:
    """One way to cheat.

    Attributes:
        name: short, unique.
        act: does it; returns the path that must be named, or "".
        caught_by: by catcher, words that it must say.
        noted: what was noted elsewhere at the seal: any of "signers" and "root".
    """

    name: str
    act: Callable[[Forgery], str]
    caught_by: dict[str, str] = field(default_factory=dict)
    noted: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """What it does, in a line."""
        return re.sub(r"\s+", " ", self.act.__doc__ or "").strip()


def cheat(*noted: str, **caught_by: str) -> Callable:
    """Enter a function into CHEATS; keywords are catchers with the words they must say."""

    def entered(act: Callable[[Forgery], str]) -> Callable[[Forgery], str]:
        name = act.__name__.replace("_", " ")
        CHEATS.append(Cheat(name, act, caught_by, noted))
        return act

    return entered


def forged_figure(study: Forgery) -> str:
    """A figure, which no job reads, is replaced with its record, and all sealed anew."""
    path = "results/figures/learning_curves.png"
    study.write(path, study.read("results/figures/slope_comparison.png"))
    study.re_record(path)
    study.reseal()
    return path


def with_values(rows: list[dict], number: int, **values: str) -> list[dict]:
    """The rows with other values in one of them."""
    return [row | values if at == number else row for at, row in enumerate(rows)]
