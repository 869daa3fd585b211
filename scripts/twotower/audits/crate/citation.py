"""Who wrote the software, under which licence, and what it refers to: CITATION.cff, in a crate."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twotower.audits.crate.entities import licence_id, local_id, ref, slug
from twotower.base import strict_yaml
from twotower.base.errors import ExpectedError

FILE = "CITATION.cff"
ARXIV = "arXiv:"
Add = Callable[..., str]
"""Adds an entity: `@id`, type, properties; returns the `@id`."""


class CitationError(ExpectedError):
    """CITATION.cff lacks what a citation needs; the message names the key and an example."""


@dataclass(frozen=True)
class Author:
    """A person or a group; `orcid` is the plain identifier; empty where the file gives none."""

    name: str
    is_person: bool
    orcid: str = ""
    affiliation: str = ""


@dataclass(frozen=True)
class Work:
    """A publication; `url` is empty where the file gives neither DOI, address nor arXiv number."""

    title: str
    authors: tuple[Author, ...]
    year: str
    url: str
    identifier: str


@dataclass(frozen=True)
class Citation:
    """The software itself and the works that it refers to; `released` is a date, YYYY-MM-DD."""

    title: str
    version: str
    licence: str
    released: str
    url: str
    authors: tuple[Author, ...]
    references: tuple[Work, ...]
    paper: Work | None
    """Its own publication (`preferred-citation`), if there is one."""


def read(path: Path = Path(FILE)) -> Citation:
    """The citation file of a project.

    Raises:
        CitationError: if it is missing, is no YAML, or lacks title, licence, date or authors.
    """
    try:
        raw = strict_yaml.load(path)
    except strict_yaml.YamlError as error:
        raise CitationError(f"{path}: {'; '.join(error.messages)}") from None
    raw = raw if isinstance(raw, dict) else {}
    for key in ("title", "license", "date-released", "authors"):
        if not raw.get(key):
            raise CitationError(f"{path}: no {key}; write it as the format's guide 1.2.0 says")
    own = raw.get("preferred-citation")
    return Citation(
        title=str(raw["title"]),
        version=str(raw.get("version", "")),
        licence=str(raw["license"]),
        released=str(raw["date-released"]),
        url=_address(raw),
        authors=_authors(raw["authors"]),
        references=tuple(_work(each) for each in raw.get("references") or ()),
        paper=_work(own) if isinstance(own, dict) else None,
    )


def add_authors(add: Add, people: Iterable[Author]) -> list[dict[str, str]]:
    """Persons and groups, each with its affiliation; returns references to them."""
    found = []
    for each in people:
        place = (
            f"https://orcid.org/{each.orcid}" if each.orcid else local_id("author", slug(each.name))
        )
        group = ""
        if each.affiliation:
            group = add(local_id("group", slug(each.affiliation)), "Organization",
                        name=each.affiliation)  # fmt: skip
        kind = "Person" if each.is_person else "Organization"
        add(place, kind, name=each.name, affiliation=ref(group) if group else None)
        found.append(ref(place))
    return found


def add_licence(add: Add, name: str, description: str = "") -> str:
    """The licence; returns its `@id`."""
    place = licence_id(name)
    return add(place, "CreativeWork", name=name, identifier=name, url=place,
               description=description)  # fmt: skip


def add_work(add: Add, found: Work) -> str:
    """A publication; returns its `@id`."""
    place = found.url or local_id("work", slug(found.title))
    return add(
        place,
        "ScholarlyArticle",
        name=found.title,
        author=add_authors(add, found.authors),
        datePublished=found.year,
        identifier=found.identifier,
        url=found.url,
    )


def _work(raw: dict[str, Any]) -> Work:
    numbers = [str(each.get("value", "")) for each in raw.get("identifiers") or ()]
    return Work(
        title=str(raw.get("title", "")),
        authors=_authors(raw.get("authors") or ()),
        year=str(raw.get("year", "")),
        url=_address(raw),
        identifier=next(iter(numbers), str(raw.get("doi", ""))),
    )


def _address(raw: dict[str, Any]) -> str:
    """The most lasting address that is given: a DOI, an arXiv number, then plain addresses."""
    if raw.get("doi"):
        return f"https://doi.org/{raw['doi']}"
    for each in raw.get("identifiers") or ():
        value = str(each.get("value", ""))
        if each.get("type") == "doi":
            return f"https://doi.org/{value}"
        if value.startswith(ARXIV):
            return f"https://arxiv.org/abs/{value.removeprefix(ARXIV)}"
    return str(raw.get("repository-code") or raw.get("url") or "")


def _authors(raw: Any) -> tuple[Author, ...]:
    return tuple(
        Author(
            name=str(each.get("name") or " ".join(_names(each))),
            is_person="name" not in each,
            orcid=str(each.get("orcid", "")).rsplit("/", 1)[-1],
            affiliation=str(each.get("affiliation", "")),
        )
        for each in raw
    )


def _names(raw: dict[str, Any]) -> list[str]:
    parts = ("given-names", "name-particle", "family-names", "name-suffix")
    return [str(raw[part]) for part in parts if raw.get(part)]
