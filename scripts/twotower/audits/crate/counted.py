"""How much a study's results hold, counted in what jobs made, whatever the study's file says."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from twotower.audits.crate.recorded_jobs import ToldJob
from twotower.audits.verify import counts
from twotower.records.reading import tensor_headers
from twotower.study import arms


@dataclass
class Counted:
    """What was counted.

    Attributes:
        fits: by arm, how many fits were measured: one for each cell, size and replicate.
        replicates: the numbers of replicates that fits have, each once, growing.
        sizes: sample sizes of all fits.
        pairs: numbers of pairs of a user and an item on which risks were measured.
    """

    fits: Counter[str] = field(default_factory=Counter)
    replicates: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    pairs: list[int] = field(default_factory=list)

    @property
    def each(self) -> str:
        """The number of replicates of a fit, or from which to which."""
        ends = dict.fromkeys(self.replicates[:1] + self.replicates[-1:])
        return " to ".join(f"{number:,}" for number in ends) or "no"


def count(jobs: Iterable[ToldJob], settings: dict[str, dict]) -> Counted:
    """Count in this folder what jobs made.

    Args:
        settings: what ids of runs stand for: see `jobs.settings`.
    """
    found, replicates, sizes, pairs = Counted(), set(), set(), set()
    for job in jobs:
        if job.rule in ("evaluate", "fit_joint", "fit_comparator"):
            risks = next(path for path in job.outputs if path.startswith("results/risks/"))
            fit = job.wildcards.get("fit") or job.wildcards.get("run", "")
            rows = counts.fits(Path(risks))
            found.fits[settings.get(fit, {}).get("arm", arms.REFERENCE)] += len(rows)
            replicates.add(len({replicate for _, replicate in rows}))
            sizes |= {size for size, _ in rows}
        elif job.rule == "generate_test_pairs":
            (path,) = job.outputs
            pairs.add(tensor_headers.shapes(Path(path))["signal"][1])
    found.replicates, found.sizes, found.pairs = map(sorted, (replicates, sizes, pairs))
    return found
