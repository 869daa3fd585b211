"""What a diagnosis is told on the command line, checked before anything starts."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from twotower.base.errors import ExpectedError
from twotower.base.values import complaint, shown
from twotower.diagnosis import factorial
from twotower.real import options as real_options
from twotower.real.reading import layouts
from twotower.study import arms
from twotower.study.grid import Cell
from twotower.study.schema import Study
from twotower.theory import width
from twotower.theory.bound import Theory

SUBJECT = "diagnose"
"""The key that says what is diagnosed: a source of real ratings, or a cell of the study."""
USUAL = {
    "diagnose_width": 32,
    "diagnose_depth": 1,
    "diagnose_embedding_dim": 4,
    "diagnose_steps": 2000,
    "diagnose_batch_size": 256,
    "diagnose_learning_rate": 0.01,
    "diagnose_splits": 3,
    "diagnose_seeds": 3,
    "diagnose_most": 10**5,
}
_RANGE = {
    "diagnose_width": (2, 4096),
    "diagnose_depth": (1, 8),
    "diagnose_embedding_dim": (1, 256),
    "diagnose_steps": (1, 10**7),
    "diagnose_batch_size": (1, 2**20),
    "diagnose_learning_rate": (0, 10),
    "diagnose_splits": (factorial.FEWEST_SPLITS, 20),
    "diagnose_seeds": (2, 20),
    "diagnose_most": (200, 10**8),
}
_FEWEST_COMPARED = 2
"""Clicks of a batch."""
SOURCES = (*real_options.SOURCES, *layouts.CLICK_SOURCES)
"""Of ratings and of clicks."""
KEYS = (SUBJECT, *USUAL)
"""Keys of `--config` that are none of a study."""


class DiagnosisError(ExpectedError):
    """A key of a diagnosis that cannot be used; the message names it."""


@dataclass(frozen=True)
class Diagnosis:
    """A diagnosis that is asked for.

    Attributes:
        subject: the name of a source of real ratings or of clicks, or the id of a cell.
        towers: the user's.
        splits, seeds: of the ratings, and of the training on each split.
        ratings: most that are used; more are sampled.
        cell: the cell, None for real ratings and clicks.
        place: the folder of real clicks, "" without; that of ratings is an option of theirs.
    """

    subject: str
    towers: factorial.Towers
    splits: int
    seeds: int
    ratings: int
    cell: Cell | None
    place: str = ""

    @property
    def events(self) -> str:
        """ "ratings" or "clicks"."""
        if self.cell is None:
            return "clicks" if self.subject in layouts.CLICK_SOURCES else "ratings"
        return "clicks" if self.cell.spec.get("sampling") == "clicks" else "ratings"

    @property
    def data(self) -> str:
        """The path of what is diagnosed, as a job reads it."""
        if self.cell is None and self.events == "ratings":
            return f"results/real/{self.subject}/data.safetensors"
        name = "data" if self.cell else "clicks"
        return f"results/diagnosis/{self.subject}/{name}.safetensors"

    @property
    def rungs(self) -> dict[str, factorial.Rung]:
        """Every rung that there can be, by name."""
        return factorial.rungs(self.towers)


def click_places(given: dict[str, Any], beside: str | Path = ".") -> dict[str, str]:
    """Take the folder of the clicks that are diagnosed out of `given`, the values of --config.

    All other keys are left there: no other command reads clicks.

    Args:
        beside: the project's folder, where a place is looked for that the working folder lacks.

    Returns:
        The source's place; nothing where no clicks are diagnosed.

    Raises:
        RatingsFileError: if there are no such files at the place.
    """
    source = given.get(SUBJECT)
    if source not in layouts.CLICK_SOURCES or not given.get(source):
        return {}
    place = real_options.located(str(given.pop(source)), Path(beside))
    layouts.inputs(source, place)
    return {source: place}


def taken(
    given: dict[str, Any], places: Mapping[str, str], targets: Sequence[str] = ()
) -> dict[str, Any]:
    """Take the keys of a diagnosis out of `given`, the values of --config; numbers are checked.

    Args:
        places: of the sources of real ratings, and of clicks, that are given.
        targets: what the run is asked for: `diagnose` needs its subject.

    Raises:
        DiagnosisError: if a value is not allowed, or the subject is missing.
    """
    own = {key: given.pop(key) for key in KEYS if key in given}
    for key in given:
        near = difflib.get_close_matches(str(key), KEYS, n=1, cutoff=0.8)
        if near or str(key).startswith(SUBJECT):
            hint = f"did you mean {near[0]}?" if near else ""
            found = f"--config {key}=: this is no key of a diagnosis"
            raise DiagnosisError(complaint(found, ", ".join(KEYS), hint))
    for key in USUAL:
        if key in own:
            check_number(key, own[key], f"--config {key}")
    if SUBJECT not in own and (own or SUBJECT in targets):
        found = f"--config {SUBJECT}=: it is not given"
        raise DiagnosisError(complaint(found, _allowed(), "or type make diagnose RATINGS=FOLDER"))
    subject = own.get(SUBJECT)
    if subject in SOURCES and subject not in places:
        found = f"--config {SUBJECT}={subject}: the folder of its files is not given"
        hint = f"snakemake {SUBJECT} --config {subject}=PATH {SUBJECT}={subject}"
        raise DiagnosisError(complaint(found, "the folder with the files", hint))
    return own


def asked(
    own: Mapping[str, Any],
    study: Study,
    cells: list[Cell],
    name: str = f"--config {SUBJECT}",
    places: Mapping[str, str] | None = None,
) -> Diagnosis | None:
    """The diagnosis that `taken` keys ask for, None where there are none.

    A cell's own towers, and the training of the study's arm adam (softmax_adam of clicks), stand
    for what is not given.

    Args:
        name: of the key that says what is diagnosed, as it was typed.
        places: what `click_places` gave.

    Raises:
        DiagnosisError: if there is no such cell, or its parts have no known truth.
    """
    if SUBJECT not in own:
        return None
    values, subject, cell = dict(USUAL), str(own[SUBJECT]), None
    if subject not in SOURCES:
        cell = _cell(subject, cells, name)
        values |= _of_cell(cell, study, own)
    values |= {key: value for key, value in own.items() if key in USUAL}
    numbers = [values[key] for key in USUAL]
    shape, (splits, seeds, ratings) = numbers[:6], numbers[6:]
    shape[5] = float(shape[5])
    place = (places or {}).get(subject, "")
    found = Diagnosis(subject, factorial.Towers(*shape), splits, seeds, ratings, cell, place)
    if found.events == "clicks" and found.towers.batch_size < _FEWEST_COMPARED:
        key = f"{SUBJECT}_batch_size"
        typed = f"--config {key}" if name.startswith("--") else key[len(SUBJECT) + 1 :].upper()
        hint = "the clicks of a batch are compared with one another"
        allowed = f"for clicks at least {_FEWEST_COMPARED}"
        raise DiagnosisError(complaint(f"{typed}={found.towers.batch_size}", allowed, hint))
    return found


def settings(asked: Diagnosis, seed: int, rule: str, wildcards: Mapping[str, str]) -> dict:
    """What a job of a rule for a diagnosis depends on besides its code and its inputs."""
    shape = {"seed": seed, "towers": asdict(asked.towers), "most": asked.ratings}
    shape |= {"splits": asked.splits, "seeds": asked.seeds}
    if asked.cell is not None:
        shape["cell"] = asked.cell.data_spec
    match rule:
        case "load_diagnosis":
            return {"subject": asked.subject}
        case "draw_diagnosis":
            return {key: shape[key] for key in ("seed", "cell", "most")}
        case "fit_diagnosis":
            return shape | {"rung": wildcards["rung"]}
        case "judge_diagnosis":
            return shape | {"subject": asked.subject, "rungs": list(asked.rungs)}
    return {"subject": asked.subject, "events": asked.events}


def check_number(key: str, value: Any, name: str) -> None:
    """Raise DiagnosisError if the value of a key of USUAL is not allowed.

    Args:
        name: of the key, as it was typed.
    """
    low, high = _RANGE[key]
    fraction = key == "diagnose_learning_rate"
    is_number = isinstance(value, (int, float) if fraction else int) and not isinstance(value, bool)
    if is_number and low <= value <= high and value > 0:
        return
    allowed = f"a whole number, {low:,} to {high:,}"
    if fraction:
        allowed = f"a number above 0, at most {high}"
    raise DiagnosisError(complaint(f"{name}={shown(value)}", allowed))


def _allowed() -> str:
    return f"{', '.join(SOURCES)}, or the id of a cell (column cell of its tables)"


def _cell(subject: str, cells: list[Cell], name: str) -> Cell:
    found = [cell for cell in cells if subject and cell.id.startswith(subject)]
    if len(found) != 1:
        listed = ", ".join(cell.id for cell in cells[:4]) + ", …" * (len(cells) > 4)
        wrong = (
            "no source of ratings or clicks and no cell of this study"
            if not found
            else "several cells"
        )
        raise DiagnosisError(
            complaint(f"{name}={shown(subject)}: {wrong}", _allowed(), f"here {listed}")
        )
    (cell,) = found
    odd = {"sampling": ("fresh", "clicks"), "rating_scale": ("exact",), "control": ("none",)}
    for key, usual in odd.items():
        if cell.spec.get(key, usual[0]) not in usual:
            wrong = f"{name}={cell.id}: its {key} is {cell.spec[key]}"
            hint = "the parts of its error are not known, so that nothing could be checked"
            raise DiagnosisError(complaint(wrong, " or ".join(usual), hint))
    if cell.spec["support"] in ("dust", "slab"):
        wrong = f"{name}={cell.id}: its support is a {cell.spec['support']}"
        raise DiagnosisError(complaint(wrong, "cells of a whole dimension, on their manifold"))
    return cell


def _of_cell(cell: Cell, study: Study, own: Mapping[str, Any]) -> dict[str, Any]:
    """The towers and the size of a cell, and the training of the study's arm of Adam."""
    spec = cell.spec
    most = min(own.get("diagnose_most", cell.sample_sizes[-1]), cell.sample_sizes[-1])
    found = {
        "diagnose_width": max(2, width.units(spec["width"], Theory.of(spec), most)),
        "diagnose_depth": spec["depth"],
        "diagnose_embedding_dim": spec.get("embedding_dim", spec["rank"]),
        "diagnose_most": most,
    }
    of_clicks = spec.get("sampling") == "clicks"
    if of_clicks:
        found["diagnose_batch_size"] = spec["click_batch"]
    if (arm := arms.SOFTMAX_ADAM if of_clicks else arms.ADAM) in study.arms:
        adam = study.arms[arm].model_dump()
        keys = ("steps", "batch_size", "learning_rate")
        found |= {f"diagnose_{key}": adam[key] for key in keys if key in adam}
    return found
