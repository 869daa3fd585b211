"""What a run on real ratings will cost: its options and the size of its files, put together."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twotower.base.values import complaint
from twotower.cost.job import PlannedJob
from twotower.cost.real import jobs as real_jobs
from twotower.cost.real import report as real_report
from twotower.cost.report import StudyCost
from twotower.data.ratings_size import RatingsSize
from twotower.real import options as real_options
from twotower.real.reading import any_layout, download, layouts, size
from twotower.real.reading.faults import refusal


@dataclass(frozen=True)
class RealPlan:
    """A run on the ratings of one source.

    Attributes:
        source: one of `layouts.SOURCES`.
        size: of its ratings, those that are drawn.
        listed: all jobs.
        splits, budget: as the options say.
    """

    source: str
    size: RatingsSize
    listed: list[PlannedJob]
    splits: int
    budget: int

    def report(self, pace: float, cores: int) -> str:
        """The plan as text, for a machine with this pace and so many cores."""
        made = StudyCost(self.listed, pace, cores)
        return real_report.report(self.source, self.size, made, self.splits, self.budget)

    def summary(self, cores: int) -> str:
        """The whole in a line, at the pace of the reference machine."""
        made = StudyCost(self.listed, 1.0, cores)
        about = f"{self.source}: about {self.size.ratings:,.0f} ratings"
        return f"{about}; {real_report.summary(made)}; within a factor of 2 (make plan RATINGS=…)"


def of_place(place: str, given: dict[str, Any]) -> RealPlan:
    """The plan for the files at a place.

    Args:
        given: values of --config; the source needs no key.

    Raises:
        RatingsFileError: if no ratings stand there.
        RealOptionsError: if a value is not allowed, or is none of real ratings.
    """
    source = any_layout.source_at(place)
    if source in layouts.CLICK_SOURCES:
        found = "it holds clicks, and these are no ratings"
        raise refusal(place, found, "ratings", layouts.CLICKS_REMEDY)
    keys = dict(given)
    real = real_options.taken(keys | {source: place})
    if odd := [key for key in keys if key not in real_options.KEYS]:
        found = f"--with {odd[0]}=: this is no key of real ratings"
        raise real_options.RealOptionsError(complaint(found, ", ".join(real_options.KEYS)))
    return of_options(source, real)


def of_options(source: str, real: real_options.RealOptions) -> RealPlan:
    """The plan for a source whose place the options name; its files are there.

    Raises:
        RatingsFileError: if its archive cannot be read.
    """
    most = real.reviews if layouts.SOURCES[source].sampled else None
    found = size.size_of(source, real.places[source], most)
    parts, methods = real_options.PARTS, real.methods
    listed = real_jobs.jobs(found, parts, methods, real.splits, real.budget)
    return RealPlan(source, found, listed, real.splits, real.budget)


def known(real: real_options.RealOptions) -> dict[str, RealPlan]:
    """Plans by source, of those whose files are here already: of an address nothing is known."""
    here = {name: place for name, place in real.places.items() if not download.is_address(place)}
    return {name: of_options(name, real) for name in here if Path(here[name]).exists()}
