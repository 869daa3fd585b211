"""Who and what a crate refers to outside of itself: authors, licence, publications, packages."""

import re
from collections.abc import Callable, Iterable
from urllib.parse import quote

from twotower.audits.crate.citation import Author, Work
from twotower.audits.crate.entities import local_id, ref, slug

Add = Callable[..., str]
"""Adds an entity: `@id`, type, properties; returns the `@id`."""


def authors(add: Add, people: Iterable[Author]) -> list[dict[str, str]]:
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


def licence_id(name: str) -> str:
    """The address of a licence that is named as SPDX names it."""
    return f"https://spdx.org/licenses/{name}"


def licence(add: Add, name: str, description: str = "") -> str:
    """The licence; returns its `@id`."""
    place = licence_id(name)
    return add(place, "CreativeWork", name=name, identifier=name, url=place,
               description=description)  # fmt: skip


def work(add: Add, found: Work) -> str:
    """A publication; returns its `@id`."""
    place = found.url or local_id("work", slug(found.title))
    return add(
        place,
        "ScholarlyArticle",
        name=found.title,
        author=authors(add, found.authors),
        datePublished=found.year,
        identifier=found.identifier,
        url=found.url,
    )


def package_id(name: str, version: str, sha256: str) -> str:
    """The `@id` of a package; two wheels of one version are two packages."""
    return local_id("package", name, version, sha256[:12])


def package_url(name: str, version: str) -> str:
    """A Python package as a package URL (ECMA-427), which names what it is and no server."""
    plain = re.sub(r"[-_.]+", "-", name).lower()
    return f"pkg:pypi/{quote(plain)}@{quote(version)}"
