"""`croissant.json`: the generated data sets of a study as a Croissant dataset, which loaders read.

Croissant Format Specification 1.1 with the RAI Specification 1.0 (MLCommons). Only what the rules
of GENERATED made is described, as the records tell: never ratings of people. What authors must
say and CITATION.cff does not know is left out and named, never filled with a placeholder.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from twotower.audits.crate.citation import Author, Citation
from twotower.audits.crate.entities import CROISSANT_FORMATS, licence_id, media_type
from twotower.audits.crate.facts import Facts
from twotower.audits.croissant import records, terms, words
from twotower.records.reading.tensor_headers import header
from twotower.study import grid

GENERATED = ("generate_data", "generate_test_pairs")
"""Rules whose outputs are generated data."""
INDEX = "index"
CERTIFICATES = "results/data/*/certificate.csv"

_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?")


def text(facts: Facts, places: Mapping[str, Path]) -> str:
    """The file's text; "" for a study that generated no data.

    Args:
        places: where each sealed file is, also of those that the crate will not hold.

    Raises:
        TensorsError: if a file of tensors cannot be read.
    """
    jobs, known = facts.story.jobs, facts.story.settings
    made = {
        path: job.wildcards["data"]
        for job in jobs
        for path in job.outputs
        if job.rule in GENERATED and job.wildcards.get("data") in known
    }
    if not made:
        return ""
    specs = {name: grid.PLAIN | known[name]["data"] for name in sorted({*made.values()})}
    headers = {path: header(places[path]) for path in sorted(made) if path.endswith(".safetensors")}
    shapes = {made[path]: found["ratings"][1] for path, found in headers.items()
              if "ratings" in found}  # fmt: skip
    index = [path for job in jobs if job.rule == INDEX for path in job.outputs]
    citation = facts.story.citation
    content = {
        "@context": terms.CONTEXT,
        "@type": "sc:Dataset",
        "name": f"{citation.title.split(':')[0]}: generated data of the study {facts.story.name}",
        "description": words.description(
            facts,
            specs,
            max((shape[1] for shape in shapes.values()), default=0),
            sum(not facts.story.files[path].is_here for path in made),
        ),
        "conformsTo": [*CROISSANT_FORMATS],
        "license": licence_id(citation.licence),
        "url": citation.url,
        "creator": [_creator(author) for author in citation.authors],
        "datePublished": facts.story.date,
        "version": _version(facts),
        "sdVersion": terms.FORM,
        "isLiveDataset": False,
        "keywords": ["synthetic data", "recommender systems", "two-tower models", "known truth"],
        "citeAs": _bibtex(citation),
        "citation": [work.url or work.title for work in citation.references],
        **words.responsible(facts, specs),
        "distribution": [*_distribution(facts, sorted(made), index)],
        "recordSet": [
            records.data_sets(specs, shapes),
            records.tensors(headers),
            records.certificates(),
            *(records.index(path, places[path]) for path in index),
        ],
    }
    given = {key: value for key, value in content.items() if value not in ("", [])}
    return json.dumps(given, indent=1, ensure_ascii=False) + "\n"


def missing(citation: Citation) -> list[str]:
    """What Croissant wants of the authors, and CITATION.cff does not hold."""
    found = []
    if not citation.url:
        found.append("the web address of the data, as `url` in CITATION.cff")
    if not _VERSION.fullmatch(citation.version):
        found.append("a version such as 1.2.3, as `version` in CITATION.cff")
    return found


def _version(facts: Facts) -> str:
    """The software's version, with the commit of the run as build (Semantic Versioning 2.0.0)."""
    version, commit = facts.story.citation.version, facts.run["commit"]
    if not commit or not _VERSION.fullmatch(version):
        return version if _VERSION.fullmatch(version) else ""
    return f"{version}+{commit[:12]}{'.changed' if facts.run['diff'] else ''}"


def _creator(author: Author) -> dict[str, Any]:
    found = {"@type": "sc:Person" if author.is_person else "sc:Organization", "name": author.name}
    if author.orcid:
        found["url"] = f"https://orcid.org/{author.orcid}"
    if author.affiliation:
        found["affiliation"] = {"@type": "sc:Organization", "name": author.affiliation}
    return found


def _bibtex(citation: Citation) -> str:
    """The paper if there is one, else the software, as a BibTeX entry."""
    work = citation.paper
    rows = {
        "title": work.title if work else citation.title,
        "author": " and ".join(
            each.name if each.is_person else f"{{{each.name}}}"
            for each in (work or citation).authors
        ),
        "year": work.year if work else citation.released[:4],
        "url": (work.url if work else "") or citation.url,
    }
    told = ", ".join(f"{key} = {{{value}}}" for key, value in rows.items() if value)
    return f"@{'article' if work else 'misc'}{{tower-rates, {told}}}"


def _distribution(facts: Facts, made: list[str], index: list[str]) -> Iterator[dict[str, Any]]:
    for path in [*made, *index]:
        held = facts.story.files[path]
        told = terms.FILES.get(PurePosixPath(path).stem, "")
        if not held.is_here:
            told += f" Left out here. {words.again(facts)}"
        form = [media_type(path)] + [terms.SAFETENSORS] * path.endswith(".safetensors")
        yield {
            "@type": "cr:FileObject",
            "@id": path,
            "name": path,
            "description": told,
            "contentUrl": path,
            "contentSize": f"{held.bytes} B",
            "encodingFormat": form if len(form) > 1 else form[0],
            "sha256": held.sha256,
        }
    yield {
        "@type": "cr:FileSet",
        "@id": "certificates",
        "name": "certificates",
        "description": f"{terms.FILES['certificate']} One file for each data set.",
        "encodingFormat": "text/csv",
        "includes": CERTIFICATES,
    }
