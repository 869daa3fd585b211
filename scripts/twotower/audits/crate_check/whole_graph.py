"""Conditions on a graph as a whole: its context, its `@id`s, and that all is joined."""

import re
from collections import Counter
from collections.abc import Iterator

from twotower.audits.crate_check import contexts
from twotower.audits.crate_check.graph_view import DESCRIPTOR, View, ids, values
from twotower.audits.crate_check.rules import Condition

_SCALARS = (str, int, float, bool)
_MEDIA = ("File", "Dataset")


def of_document(words: str):
    """Makes a condition on the whole document of a function that names what breaks it."""
    return lambda wrong: Condition(words, lambda view, *_: sorted(set(wrong(view))))


@of_document("gives ComputationalWorkflow, FormalParameter, input and output their new addresses")
def new_addresses(view: View) -> Iterator[str]:
    for term, (new, *_) in contexts.RENAMED.items():
        if view.terms.get(term) != new:
            yield term


@of_document("has none of the old addresses of these four, as a type or property")
def no_old_addresses(view: View) -> Iterator[str]:
    old = {each for _, *others in contexts.RENAMED.values() for each in others}
    for entity in view.entities:
        yield from {*map(str, values(entity["@type"])), *entity} & old


@of_document("names contexts whose terms are known here, and no others")
def known_contexts(view: View) -> Iterator[str]:
    yield from view.unknown


@of_document("defines every type and every property of the graph")
def all_terms(view: View) -> Iterator[str]:
    for entity in view.entities:
        for term in {*map(str, values(entity["@type"])), *entity}:
            if term not in view.terms and not term.startswith("@") and "://" not in term:
                yield term


@of_document("has one entity of each @id, which is a text")
def one_of_each(view: View) -> Iterator[str]:
    yield from (str(each["@id"]) for each in view.odd)
    count = Counter(each["@id"] for each in view.entities)
    yield from (name for name, times in count.items() if times > 1)


@of_document("is flat: values are texts, numbers, truth values and references {'@id': …}")
def flat(view: View) -> Iterator[str]:
    for entity in view.entities:
        for key, value in entity.items():
            for each in values(value):
                is_reference = isinstance(each, dict) and each.keys() == {"@id"}
                if not (key == "@id" or isinstance(each, _SCALARS) or is_reference):
                    yield f"{entity['@id']} {key}"


@of_document("has an entity for every local @id that it refers to")
def no_dangling(view: View) -> Iterator[str]:
    for entity in view.entities:
        for value in entity.values():
            for each in ids(value):
                if each not in view.by_id and not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", each):
                    yield each


@of_document("has its descriptor, which is about a root; a main workflow; a run of it; jobs")
def whole(view: View) -> Iterator[str]:
    for name in ("descriptor", "root", "main workflow", "run", "job"):
        if not view.select(name):
            yield f"no {name}"


@of_document("has every file and folder as a part of the root, or of a part of the root")
def all_parts(view: View) -> Iterator[str]:
    held = _reached(view, "hasPart")
    for entity in view.of_type(*_MEDIA):
        name = entity["@id"]
        if name not in held and name != DESCRIPTOR and not name.startswith("#"):
            yield name


@of_document("leads from the root to each of its entities")
def all_reached(view: View) -> Iterator[str]:
    yield from view.by_id.keys() - _reached(view) - {DESCRIPTOR}


def _reached(view: View, *keys: str) -> set[str]:
    """The `@id`s to which one comes from the root by these properties, or by any."""
    found: set[str] = set()
    ahead = list(view.select("root"))
    while ahead:
        entity = ahead.pop()
        if entity["@id"] in found:
            continue
        found.add(entity["@id"])
        led = view.linked([entity], *(keys or entity))
        ahead += [each for each in led if each["@id"] not in found]
    return found
