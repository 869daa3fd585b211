"""What the command `make diagnose` was given, and how long the answer takes."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twotower.base import strict_yaml
from twotower.base.values import complaint
from twotower.diagnosis import options
from twotower.diagnosis.options import SUBJECT, USUAL, Diagnosis, DiagnosisError
from twotower.real.reading import any_layout, layouts
from twotower.study import grid, reading

MOST_SECONDS = 15 * 60
"""Above which a shorter diagnosis is offered."""
_SHORTER = ((3, 2), (2, 2))
"""Splits and seeds of these."""


@dataclass(frozen=True)
class Asked:
    """A diagnosis with the keys of --config that ask Snakemake for it.

    Attributes:
        asked: the diagnosis.
        config: keys and values.
        data: the path of the ratings, or clicks, as Snakemake makes it from the user's; "" for a
            cell.
    """

    asked: Diagnosis
    config: dict[str, Any]
    data: str

    def expected(self) -> str:
        """How long it takes on this machine, in words; `data` must be there.

        Where that is more than MOST_SECONDS, fewer splits and seeds are offered.
        """
        from twotower.cost import probe  # here: numbers are needed where all else is right
        from twotower.diagnosis import duration, factorial
        from twotower.real.splits import TEST_SHARE

        n, dims, catalogue = self._shape()
        used, cores, pace = min(n, self.asked.ratings), os.cpu_count() or 1, probe.pace()
        trained = round((1 - TEST_SHARE) * used)
        rungs = factorial.rungs(self.asked.towers, trained)

        def time(splits: int, seeds: int) -> float:
            return duration.expected(rungs, trained, dims, splits, seeds, cores, pace, catalogue)

        took = time(self.asked.splits, self.asked.seeds)
        told = f"{used:,} {self.asked.events}: {duration.shown(took)} on {cores} cores, if free."
        shorter = {each: time(*each) for each in _SHORTER}
        if took <= max(MOST_SECONDS, min(shorter.values())):
            return told
        fits = [each for each in _SHORTER if shorter[each] <= MOST_SECONDS]
        splits, seeds = (fits or [min(shorter, key=shorter.__getitem__)])[0]
        less = duration.shown(shorter[splits, seeds])
        return f"{told} With SPLITS={splits} SEEDS={seeds} {less}, and wider intervals."

    def _shape(self) -> tuple[int, tuple[int, int], int]:
        """Ratings or clicks, covariates of both sides, and items that are clicked, 0 of ratings."""
        from twotower.base import tensors

        if self.data:
            shapes = {name: each.shape for name, each in tensors.read(self.data).items()}
            n, catalogue = shapes["ratings"][0], shapes["item_covariates"][0]
            dims = shapes["user_covariates"][1], shapes["item_covariates"][1]
            return n, dims, catalogue if self.asked.events == "clicks" else 0
        spec = self.asked.cell.spec
        dims = spec["user_ambient_dim"], spec["item_ambient_dim"]
        return self.asked.ratings, dims, spec.get("catalogue", 0)


def about(ratings: str | None, cell: str | None, study: str, given: Mapping[str, Any]) -> Asked:
    """What is asked for, checked before anything starts.

    Args:
        ratings: a folder or an archive of ratings, a folder of clicks, or None.
        cell: the id of a cell of the study, or None.
        given: the keys of USUAL as typed, None where they were not given.

    Raises:
        DiagnosisError: if neither or both are given, or a value is not allowed.
        RatingsFileError: if there are no ratings in the folder.
    """
    if (ratings is None) == (cell is None):
        found = (
            "both RATINGS and CELL are given" if ratings else "neither RATINGS nor CELL is given"
        )
        hint = "make diagnose RATINGS=FOLDER, or make diagnose CELL=id STUDY=study.yaml"
        raise DiagnosisError(complaint(found, "one of them", hint))
    config: dict[str, Any] = {"study": study}
    if ratings is not None:
        source = source_of(ratings)
        config |= {source: ratings, SUBJECT: source}
    else:
        config[SUBJECT] = cell
    for key in USUAL:
        if given.get(key) is not None:
            config[key] = _value(key, given[key])
            options.check_number(key, config[key], named(key))
    keys = {key: value for key, value in config.items() if key != "study"}
    places = {} if ratings is None else {source: keys.pop(source)}
    own = options.taken(keys, places)
    read = reading.read_study(study)
    asked = options.asked(own, read, grid.cells(read), "CELL")
    data = asked.data if asked.cell is None else ""
    return Asked(asked, config | {SUBJECT: asked.subject}, data)


def source_of(place: str) -> str:
    """The source whose files stand in a folder, or in an archive.

    Raises:
        RatingsFileError: what the source that comes nearest says, or that two stand there.
    """
    faults, sources = {}, layouts.SOURCES | layouts.CLICK_SOURCES
    for source in sources:
        try:
            layouts.inputs(source, place)
        except layouts.RatingsFileError as error:
            faults[source] = error
        else:
            return any_layout.source_at(place)
    there = set(os.listdir(place)) if os.path.isdir(place) else set()
    nearest = max(faults, key=lambda source: len(there & sources[source].known))
    raise faults[nearest]


def named(key: str) -> str:
    """What the Makefile calls a key of USUAL: `WIDTH` for `diagnose_width`."""
    return key.removeprefix(f"{SUBJECT}_").upper()


def _value(key: str, typed: str) -> Any:
    try:
        return strict_yaml.parse(typed)
    except strict_yaml.YamlError as error:
        raise DiagnosisError(f"{named(key)}={typed}: {error.messages[0]}") from None
