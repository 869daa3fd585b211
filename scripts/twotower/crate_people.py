"""Who and what a crate refers to outside of itself: authors, licence, publications, packages."""

from collections.abc import Callable, Iterable

from twotower.citation import Author, Work
from twotower.crate_terms import local_id, ref, slug

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


def licence(add: Add, name: str) -> str:
    """The licence; returns its `@id`."""
    return add(licence_id(name), "CreativeWork", name=name, identifier=name, url=licence_id(name))


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


def package(add: Add, name: str, version: str, sha256: str) -> str:
    """A package that the jobs could import; returns its `@id`."""
    return add(
        package_id(name, version, sha256),
        "SoftwareApplication",
        name=name,
        softwareVersion=version,
        description="sha256 is of the lines of RECORD that its wheel has" if sha256 else "",
        sha256=sha256,
    )
