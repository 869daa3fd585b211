"""What a job asks a scheduler for: memory and time, from predictions and with room to spare.

Over the jobs of an earlier default study, peak memory was 0.26 to 0.96 of the predicted one, and
the processor's time 0.6 to 2.3 times. Jobs of few seconds, on cores that other programs shared, had
wall times of up to 12 times that. A job that still needs more is killed, and asks for twice as much
at each further try.
"""

import math
from collections.abc import Mapping, Sequence

from twotower.cost.job import PlannedJob
from twotower.cost.jobs import Jobs
from twotower.cost.operations.work import seconds

_MEMORY_ROOM, _BESIDE_MB, _STEP_MB = 1.5, 500, 500
"""Beside a job on a cluster runs the Snakemake that starts it, of 150 MB; the rest is room."""

_TIME_ROOM, _LEAST_MINUTES = 5, 5


_RATINGS = 95 * 32_000_000
"""Bytes that a job holds of the largest release of MovieLens, from measurements of smaller ones
(docs/real-ratings.md)."""

REAL = {
    "download_real": (3e8, 30),
    "load_real": (_RATINGS, 30),
    "fit_real": (_RATINGS, 120),
    "score_real": (_RATINGS, 60),
    "draw_real": (3e8, 10),
    "load_diagnosis": (_RATINGS, 30),
    "draw_diagnosis": (2e9, 30),
    "fit_diagnosis": (4e9, 240),
    "judge_diagnosis": (4e9, 60),
    "picture_diagnosis": (3e8, 10),
}
"""By rule for a diagnosis, and for real ratings that are still to be downloaded, of which nobody
knows how many there are: bytes, and minutes."""


class Requests:
    """What each job asks for.

    Args:
        jobs: of the study.
        real: by source of real ratings whose files are here, the jobs of its run.
    """

    def __init__(self, jobs: Jobs, real: Mapping[str, Sequence[PlannedJob]] | None = None) -> None:
        self._jobs = jobs
        self._real = real or {}
        self._known: dict[tuple, tuple[int, int]] = {}

    def memory(self, rule: str, wildcards: Mapping[str, str], attempt: int = 1) -> int:
        """Megabytes (10^6 bytes), a multiple of 500."""
        return self._first(rule, wildcards)[0] * 2 ** (attempt - 1)

    def runtime(self, rule: str, wildcards: Mapping[str, str], attempt: int = 1) -> int:
        """Minutes."""
        return self._first(rule, wildcards)[1] * 2 ** (attempt - 1)

    def _first(self, rule: str, wildcards: Mapping[str, str]) -> tuple[int, int]:
        """Megabytes and minutes of the first attempt; a scheduler asks for them many times."""
        key = (rule, *wildcards.values())
        if key not in self._known:
            listed = self._real.get(wildcards.get("source", ""))
            if rule in REAL and (listed is None or rule == "download_real"):
                held, minutes = REAL[rule]
            else:
                job = (
                    _of_rule(listed, rule, wildcards)
                    if rule in REAL
                    else self._jobs.of(rule, wildcards)
                )
                held = _MEMORY_ROOM * job.memory
                minutes = _LEAST_MINUTES + math.ceil(_TIME_ROOM * seconds(job.work) / 60)
            megabytes = _BESIDE_MB + held / 1e6
            self._known[key] = _STEP_MB * math.ceil(megabytes / _STEP_MB), minutes
        return self._known[key]


def _of_rule(listed: Sequence[PlannedJob], rule: str, wildcards: Mapping[str, str]) -> PlannedJob:
    """The job of a rule, and of a part and a method where it has these."""
    about = "/".join(wildcards[name] for name in ("part", "method") if name in wildcards)
    return next(job for job in listed if job.rule == rule and job.about in ("", about))
