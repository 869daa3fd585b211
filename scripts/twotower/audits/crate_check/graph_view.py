"""The graph of a crate to ask questions of: entities by name and type, and what they refer to."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from twotower.audits.crate_check import contexts

DESCRIPTOR = "ro-crate-metadata.json"
TOOLS = ("SoftwareApplication", "SoftwareSourceCode", "ComputationalWorkflow")
"""Types of what an action can be a run of."""
Entity = dict[str, Any]


class View:
    """A graph to ask, whatever its values are.

    Attributes:
        context: of the document.
        entities: of the graph; `odd` are those whose `@id` is no text.
        terms: what the context defines; `unknown` are its parts that are not known here.
        by_id: an entity of each `@id`.

    Args:
        content: of ro-crate-metadata.json; each entity of its `@graph` has an `@id` and a `@type`.
    """

    def __init__(self, content: dict[str, Any]) -> None:
        self.context = content.get("@context")
        self.entities = [each for each in content["@graph"] if isinstance(each["@id"], str)]
        self.odd = [each for each in content["@graph"] if not isinstance(each["@id"], str)]
        self.terms, self.unknown = contexts.terms(self.context)
        self.by_id = {each["@id"]: each for each in self.entities}
        self._led: dict[tuple[str, str], frozenset[str]] = {}
        self.document = {"@id": DESCRIPTOR, "@type": "document"}

    def of_type(self, *types: str) -> list[Entity]:
        """The entities that have one of the types."""
        return [each for each in self.entities if has_type(each, *types)]

    def linked(self, entities: Iterable[Entity], *keys: str) -> list[Entity]:
        """The entities of the graph to which a property of these refers, each once."""
        found = {each for entity in entities for key in keys for each in ids(entity.get(key))}
        return [self.by_id[each] for each in sorted(found & self.by_id.keys())]

    def led(self, name: str, key: str) -> frozenset[str]:
        """All `@id`s to which the entities of a row refer by a property."""
        if (name, key) not in self._led:
            found = (each for entity in self.select(name) for each in ids(entity.get(key)))
            self._led[name, key] = frozenset(found)
        return self._led[name, key]

    def select(self, name: str) -> list[Entity]:
        """The entities of a row: those of a type, or those with a name in small letters."""
        return self._named[name] if name in self._named else self.of_type(name)

    @cached_property
    def _named(self) -> dict[str, list[Entity]]:
        descriptor = [self.by_id[DESCRIPTOR]] if DESCRIPTOR in self.by_id else []
        root = self.linked(descriptor, "about")[:1]
        workflow = self.linked(root, "mainEntity")[:1]
        actions, main = self.of_type("CreateAction"), {each["@id"] for each in workflow}
        runs = [each for each in actions if main & set(ids(each.get("instrument")))]
        jobs = [each for each in actions if not any(each is run for run in runs)]
        files = self.of_type("File")
        absent = [each for each in files if each["@id"].startswith("#")]
        own = "https://bioschemas.org/profiles/ComputationalWorkflow/"
        claims = [each for each in workflow
                  if any(one.startswith(own) for one in ids(each.get("conformsTo")))]  # fmt: skip
        return {
            "document": [self.document],
            "descriptor": descriptor,
            "root": root,
            "profile": self.linked(root, "conformsTo"),
            "licence": self.linked(root, "license"),
            "readme": [self.by_id["README.md"]] if "README.md" in self.by_id else [],
            "main workflow": workflow,
            "workflow by Bioschemas": claims,
            "run": runs,
            "job": jobs,
            "tool": self.linked(jobs, "instrument"),
            "used resource": self.linked(actions, "resourceUsage"),
            "example": [each for each in self.entities if "exampleOfWork" in each],
            "build file": self.linked(self.entities, "buildInstructions"),
            "file that is not held": absent,
            "file": [each for each in files if not each["@id"].startswith("#")],
        }


def values(value: Any) -> list[Any]:
    """What a property holds, as a list; what says nothing is left out."""
    found = value if isinstance(value, list) else [value]
    return [each for each in found if each not in (None, "", {})]


def ids(value: Any) -> list[str]:
    """The `@id`s to which a property refers."""
    found = [each.get("@id") for each in values(value) if isinstance(each, dict)]
    return [each for each in found if isinstance(each, str)]


def has_type(entity: Entity, *types: str) -> bool:
    """Whether an entity has one of the types."""
    return any(each in types for each in values(entity["@type"]))
