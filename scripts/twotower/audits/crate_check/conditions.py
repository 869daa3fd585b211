"""Conditions on an entity of a graph that need more than one of its properties."""

import datetime
import re

from twotower.audits.crate_check.graph_view import Entity, View, has_type, ids, values
from twotower.audits.crate_check.rules import Condition, whether


def listed_by(*names: str, by: tuple[str, ...]) -> Condition:
    """Some entity of one of these rows' kinds refers to this one, by one of the properties."""
    keys, owners = " or ".join(f"`{key}`" for key in by), " or ".join(names)
    places = [(name, key) for name in names for key in by]
    return whether(
        f"is in {keys} of the {owners}",
        lambda view, entity, _: any(entity["@id"] in view.led(*place) for place in places),
    )


def leads_into(name: str, key: str) -> Condition:
    """Every reference is one that an entity of a row's kind has too."""
    return whether(
        f"leads to what is in `{key}` of the {name}",
        lambda view, entity, own: view.led(name, key).issuperset(ids(entity.get(own))),
    )


def leads_to(name: str) -> Condition:
    """References, at least one, to entities of a row's kind alone."""

    def holds(view: View, entity: Entity, key: str) -> bool:
        found = set(ids(entity.get(key)))
        return bool(found) and found <= {each["@id"] for each in view.select(name)}

    return whether(f"leads to the {name}", holds)


def with_a_file() -> Condition:
    """A file among what a property refers to."""
    return whether(
        "holds the file that configures the engine",
        lambda view, entity, key: any(has_type(x, "File") for x in view.linked([entity], key)),
    )


def holds_all(name: str) -> Condition:
    """References to all entities of a row's kind."""
    return whether(
        f"holds every {name}",
        lambda view, entity, key: {x["@id"] for x in view.select(name)} <= {*ids(entity.get(key))},
    )


def only_with(other: str, value: str) -> Condition:
    """A property that is given only where another has a value."""

    def holds(_: View, entity: Entity, key: str) -> bool:
        said = [each.get("@id") if isinstance(each, dict) else each
                for each in values(entity.get(other))]  # fmt: skip
        return not values(entity.get(key)) or any(str(each).endswith(value) for each in said)

    return whether(f"is given only where {other} is {value}", holds)


def one_version() -> Condition:
    """Either way of giving a version, not both."""
    return whether(
        "or softwareVersion is given, not both",
        lambda _, entity, __: ("version" in entity) + ("softwareVersion" in entity) == 1,
    )


def any_of(*keys: str) -> Condition:
    """One of several properties."""
    return whether(
        f"or one of {', '.join(keys)} is given",
        lambda _, entity, key: any(values(entity.get(each)) for each in (key, *keys)),
    )


def text(pattern: str, words: str) -> Condition:
    """Each value is a text of a form."""
    return whether(
        words,
        lambda _, entity, key: all(
            isinstance(each, str) and re.fullmatch(pattern, each)
            for each in values(entity.get(key))
        ),
    )


def date() -> Condition:
    """One date, or moment, as ISO 8601 writes it."""

    def holds(_: View, entity: Entity, key: str) -> bool:
        said = entity.get(key)
        try:
            return isinstance(said, str) and bool(datetime.datetime.fromisoformat(said))
        except ValueError:
            return isinstance(said, str) and bool(re.fullmatch(r"\d{4}(-\d\d)?", said))

    return whether("is one date of ISO 8601", holds)


def with_steps() -> Condition:
    """A workflow that has steps is a HowTo."""
    return whether(
        "has HowTo where there is `step`",
        lambda _, entity, __: not values(entity.get("step")) or has_type(entity, "HowTo"),
    )


def in_order() -> Condition:
    """A step comes after those whose outputs it needs, by the connections."""

    def holds(view: View, entity: Entity, key: str) -> bool:
        own = entity.get(key)
        before = view.linked(view.linked([entity], "connection"), "sourceParameter")
        wanted = {each["@id"] for each in before}
        makers = {each["@id"] for each in view.select("tool")
                  if wanted & set(ids(each.get("output")))}  # fmt: skip
        sources = [each.get(key) for each in view.of_type("HowToStep")
                   if makers & set(ids(each.get("workExample")))]  # fmt: skip
        try:
            return own is None or int(own) > max(
                (int(each) for each in sources if each is not None), default=int(own) - 1
            )
        except (TypeError, ValueError):
            return False

    return whether("is a whole number above those of the steps whose outputs are needed", holds)


def runs_of_the_step() -> Condition:
    """The actions that a step's execution names are runs of the tool that the step names."""

    def holds(view: View, entity: Entity, key: str) -> bool:
        tools = {each["@id"] for each in
                 view.linked(view.linked([entity], "instrument"), "workExample")}  # fmt: skip
        done = view.linked([entity], key)
        return all(tools & set(ids(each.get("instrument"))) for each in done)

    return whether("are runs of the tool that the step names", holds)
