"""Rules about the graph of a crate: a row says what must hold of which entities, and who says so.

The rows of Provenance Run Crate 0.6 are in `requirements`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from twotower.audits.crate_check.graph_view import Entity, View, has_type, ids, values

MUST, SHOULD = "MUST", "SHOULD"


@dataclass(frozen=True)
class Condition:
    """What must hold of a property.

    Attributes:
        words: what it says, to follow the property's name.
        wrong: names what breaks it, of the graph, an entity and the property; nothing if it holds.
    """

    words: str
    wrong: Callable[[View, Entity, str], Iterable[str]]


@dataclass(frozen=True)
class Rule:
    """A row: its level, the entities it is about, their property, what must hold, who says so."""

    level: str
    entity: str
    property: str
    condition: Condition
    source: str


@dataclass(frozen=True)
class Fault:
    """A rule that is broken, and where: an `@id`, or a term."""

    rule: Rule
    place: str

    def text(self) -> str:
        rule = self.rule
        said = f"{rule.property} {rule.condition.words}"
        return f"{self.place} ({rule.entity}): {rule.level} {said}; {rule.source}"


def broken(rules: Iterable[Rule], content: dict[str, Any]) -> Iterator[Fault]:
    """Each place where a graph breaks a rule, by rule."""
    view = View(content)
    for rule in rules:
        for entity in view.select(rule.entity):
            for place in rule.condition.wrong(view, entity, rule.property):
                yield Fault(rule, place)


# ------------------------------------------------------------ conditions that many rows need


def whether(words: str, holds: Callable[[View, Entity, str], bool]) -> Condition:
    """A condition on one entity, which is named if it does not hold."""
    return Condition(words, lambda *asked: [] if holds(*asked) else [str(asked[1]["@id"])])


def given() -> Condition:
    """A value, whichever."""
    return whether("must be given", lambda _, entity, key: bool(values(entity.get(key))))


def refers(*types: str, to: str = "", if_any: bool = False) -> Condition:
    """References alone, each to an entity of the graph that has one of the types."""

    def holds(view: View, entity: Entity, key: str) -> bool:
        found = values(entity.get(key))
        there = [view.by_id.get(each) for each in ids(found)]
        right = all(each and (not types or has_type(each, *types)) for each in there)
        return right and len(there) == len(found) and (if_any or bool(found))

    words = "refers to nothing but" if if_any else "refers to"
    return whether(f"{words} {to or ' or '.join(types) or 'an entity of the graph'}", holds)


def names(address: str) -> Condition:
    """A reference to this address, among others."""
    return whether(f"holds {address}", lambda _, entity, key: address in ids(entity.get(key)))


def typed(*types: str) -> Condition:
    """All of the types."""
    return whether(
        f"has {', '.join(types)}",
        lambda _, entity, key: set(types) <= set(map(str, values(entity[key]))),
    )
