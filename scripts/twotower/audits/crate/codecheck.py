"""`codecheck.yml`, CODECHECK 2.0: which outputs a codechecker should make anew, and of what work.

Authors begin that file and the codechecker ends it. So what only a codechecker can say is not
there: `codechecker`, `report`, `summary` and `certificate`. What authors must say and CITATION.cff
does not know is left out and named, never filled with a placeholder.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from twotower.audits.crate.citation import Author, Citation
from twotower.audits.crate.story import Story

VERSION = "https://codecheck.org.uk/spec/config/2.0/"
MADE = ("tables", "figures")
"""Kinds of files that a reader sees, and a codechecker makes anew."""


def text(story: Story, command: str) -> str:
    """The file's text.

    Args:
        command: what makes the outputs, told in a comment.
    """
    content = {
        "version": VERSION,
        "manifest": list(_manifest(story)),
        "paper": _paper(story.citation),
        "source": (
            f"Everything is in this folder: `{command}` makes the files above; "
            "ro-crate-metadata.json holds their SHA-256 and what each was made from."
        ),
    }
    notes = [f"Still to be given by the authors: {each}." for each in missing(story.citation)]
    notes.append("Added by the codechecker: codechecker, report, summary, certificate.")
    comments = "".join(f"# {note}\n" for note in notes)
    written = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{comments}{written}"


def missing(citation: Citation) -> list[str]:
    """What CODECHECK 2.0 wants of the authors, and CITATION.cff does not hold."""
    found = [
        f"ORCID of {author.name}, as `orcid` in CITATION.cff"
        for author in _authors(citation)
        if not author.orcid
    ]
    if not _reference(citation):
        found.append("a reference to the article, as `preferred-citation` in CITATION.cff")
    return found


def _manifest(story: Story) -> Iterator[dict[str, str]]:
    maker = {path: job for job in story.jobs for path in job.outputs}
    for path, held in sorted(story.files.items()):
        if held.kind in MADE and path in maker:
            yield {"file": path, "comment": maker[path].said}


def _paper(citation: Citation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": citation.paper.title if citation.paper else citation.title,
        "authors": [
            {"name": author.name} | ({"ORCID": author.orcid} if author.orcid else {})
            for author in _authors(citation)
        ],
    }
    if _reference(citation):
        found["reference"] = _reference(citation)
    others = [work.url for work in citation.references if work.url]
    return found | ({"reference-other": others} if others else {})


def _authors(citation: Citation) -> tuple[Author, ...]:
    return citation.paper.authors if citation.paper else citation.authors


def _reference(citation: Citation) -> str:
    """The article that the outputs belong to, else the software's own address."""
    return (citation.paper.url if citation.paper else "") or citation.url
