"""Reading the graph of a crate in tests."""

import json
from pathlib import Path

from twotower.audits.crate import profiles
from twotower.audits.crate_check import check


def content_of(crate: Path) -> dict:
    return json.loads((crate / check.METADATA).read_text(encoding="utf-8"))


def entity(content: dict, start: str) -> dict:
    """The first entity whose `@id` begins so."""
    return next(each for each in content["@graph"] if each["@id"].startswith(start))


def claiming(*versions: str) -> list[dict]:
    """A graph whose root claims versions of Provenance Run Crate."""
    named = [{"@id": f"{profiles.RUN}/provenance/{each}"} for each in versions]
    return [{"@id": "./", "@type": "Dataset", "conformsTo": named}]


def graph(crate: Path) -> dict[str, dict]:
    """The entities of a crate by their ids."""
    content = content_of(crate)
    found = {entity["@id"]: entity for entity in content["@graph"]}
    assert len(found) == len(content["@graph"]), "two entities with one id"
    return found


def ids(value: object) -> list[str]:
    return [each["@id"] for each in (value if isinstance(value, list) else [value])]


def job(entities: dict[str, dict], rule: str) -> dict:
    """The action of the only job of a rule."""
    (found,) = [each for name, each in entities.items() if name.startswith(f"#job/{rule}/")]
    return found
