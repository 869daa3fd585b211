"""What a run on real ratings is told on the command line, checked before anything starts."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twotower.base.errors import ExpectedError
from twotower.base.values import complaint, shown
from twotower.real.reading import download, layouts
from twotower.study import arms

_MOST = {"real_splits": 20, "real_budget": 20, "yelp_reviews": 10**7}
_LEAST = {"real_splits": 1, "real_budget": 1, "yelp_reviews": 1000}
USUAL = {"real_splits": 3, "real_budget": 3, "yelp_reviews": 200_000}
SOURCES = layouts.SOURCES
PACKED = [name for name, source in SOURCES.items() if source.packed]
"""Sources whose archive can be downloaded."""
TEXTS = (*(f"{name}_sha256" for name in PACKED), "real_methods")
"""Keys whose value is text, whatever it looks like, beside those of the sources."""
KEYS = (*SOURCES, *TEXTS, *USUAL)
"""Keys of `--config` that are none of a study."""
_FAMILIES = ("real", *SOURCES)
SPLIT_KINDS = ("random", "time", "cold", "few")
"""Of splits; `splits.split` says what they are."""
PARTS = {"random": ("random",), "others": ("time", "cold", "few")}
"""What one job fits a method to: random splits, with their learning curves, are half the work."""
METHODS = (*arms.COMPARATORS, arms.ERM, arms.ADAM, "mixed", "hybrid")
"""Those of `twotower.real.methods`, which no plan has the time to import."""
FIGURES = ("learning_curves", "cold_start", "slopes")
TABLES = ("methods", "cold", "slopes", "compared")


class RealOptionsError(ExpectedError):
    """A key of a run on real ratings that cannot be used; the message names it."""


@dataclass(frozen=True)
class RealOptions:
    """A run on real ratings.

    Attributes:
        places: source → the folder, archive or address that holds its files.
        splits: seeded splits of each kind.
        budget: settings that each method tries.
        methods: those of METHODS that are run.
        reviews: most reviews of Yelp's that are drawn.
        sha256: of an archive that is to be downloaded, or None.
    """

    places: dict[str, str]
    splits: int
    budget: int
    methods: tuple[str, ...]
    reviews: int
    sha256: str | None


def taken(
    given: dict[str, Any], targets: Sequence[str] = (), beside: str | Path = "."
) -> RealOptions:
    """Take the keys of real ratings out of `given`, the values of --config.

    Args:
        targets: what the run is asked for: a source among them needs its place.
        beside: the project's folder, where a place is looked for that the working folder lacks.

    Raises:
        RealOptionsError: if a value is not allowed, or a place is missing.
        RatingsFileError: if there are no such files at a place.
    """
    own = {key: given.pop(key) for key in KEYS if key in given}
    for key in given:
        if key in layouts.CLICK_SOURCES:
            found = f"--config {key}=: clicks are no ratings"
            allowed = f"ratings: {', '.join(f'{source}=PATH' for source in SOURCES)}"
            raise RealOptionsError(complaint(found, allowed, layouts.CLICKS_REMEDY))
        near = difflib.get_close_matches(str(key), KEYS, n=1, cutoff=0.8)
        if near or str(key).split("_")[0] in _FAMILIES:  # no key of a study is like these
            hint = f"did you mean {near[0]}?" if near else ""
            found = f"--config {key}=: this is no key of real ratings"
            raise RealOptionsError(complaint(found, ", ".join(KEYS), hint))
    numbers = {key: _number(own, key) for key in USUAL}
    places = {
        source: located(str(own[source]), Path(beside)) for source in SOURCES if own.get(source)
    }
    for source in SOURCES:
        if source not in places and (source in own or source in targets):
            raise RealOptionsError(
                complaint(
                    f"--config {source}=: the folder of its files is not given",
                    "the folder with the files" + " or their .zip" * (source in PACKED),
                    f"snakemake {source} --config {source}=PATH",
                )
            )
    sha256 = None
    for source, place in places.items():
        if download.is_address(place):
            if source not in PACKED:
                found = f"--config {source}={place}: this is an address"
                raise RealOptionsError(
                    complaint(found, "a folder", "download and unpack it by hand")
                )
            sha256 = download.checked_digest(place, own.get(f"{source}_sha256"))
        else:
            layouts.inputs(source, place)
    methods = _methods(own.get("real_methods", ",".join(METHODS)))
    splits, budget, reviews = (numbers[key] for key in USUAL)
    return RealOptions(places, splits, budget, methods, reviews, sha256)


def fits(real: RealOptions) -> list[tuple[str, str]]:
    """What each job that fits is given: a part of the splits, and a method."""
    return [(part, method) for part in PARTS for method in real.methods]


def settings(
    real: RealOptions, seed: int, rule: str, wildcards: Mapping[str, str]
) -> dict[str, Any]:
    """What a job of a rule for real ratings depends on besides its code and its inputs."""
    source = wildcards["source"]
    match rule:
        case "download_real":
            return {"address": real.places[source], "sha256": real.sha256}
        case "load_real":
            reviews = real.reviews if SOURCES[source].sampled else None
            return {"seed": seed, "source": source, "splits": real.splits, "reviews": reviews}
        case "fit_real":
            part, method = wildcards["part"], wildcards["method"]
            kinds = {"seed": seed, "kinds": PARTS[part], "method": method}
            return kinds | {"splits": real.splits, "budget": real.budget}
        case "score_real":
            return {"seed": seed, "methods": [method for _, method in fits(real)]}
    return {"figure": wildcards["figure"]}


def located(place: str, beside: Path) -> str:
    """With --directory the project is not the working folder: a place may be told from either."""
    if download.is_address(place) or Path(place).exists() or not (beside / place).exists():
        return place
    return str(beside / place)


def _methods(value: Any) -> tuple[str, ...]:
    """Names separated by commas, in the order of METHODS."""
    names = [name.strip() for name in str(value).split(",")]
    odd = [name for name in names if name not in METHODS]
    if odd:
        found = f"--config real_methods={shown(value)}: there is no {shown(odd[0])}"
        raise RealOptionsError(complaint(found, f"names out of {','.join(METHODS)}"))
    twice = [name for name in METHODS if names.count(name) > 1]
    if twice:
        found = f"--config real_methods={shown(value)}: {twice[0]} stands there twice"
        raise RealOptionsError(complaint(found, "each name once", "leave one out"))
    return tuple(name for name in METHODS if name in names)


def _number(own: Mapping[str, Any], key: str) -> int:
    value = own.get(key, USUAL[key])
    low, high = _LEAST[key], _MOST[key]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        found = f"--config {key}={shown(value)}"
        raise RealOptionsError(complaint(found, f"a whole number, {low:,} to {high:,}"))
    return value
