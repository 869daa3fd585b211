"""Pydantic's errors about a study, each as one line: path, found, allowed, hint."""

import difflib
import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from twotower.base.values import complaint, described, shown
from twotower.study.schema import Study
from twotower.theory.width import SCHEDULES

_TRUTHS = {"yes": "true", "on": "true", "true": "true"} | dict.fromkeys(
    ("no", "off", "false"), "false"
)  # such words are text, as in YAML 1.2


def explained(error: ValidationError) -> list[str]:
    """One line for each fault of a `Study`."""
    return [_message(fault) for fault in error.errors() if not _is_echo(fault)]


def _is_echo(fault: ErrorDetails) -> bool:
    """Whether a list is called too short only because its faulty values were not counted."""
    return fault["type"] == "too_short" and len(fault["input"]) >= fault["ctx"]["min_length"]


def _message(fault: ErrorDetails) -> str:
    path, holder = _walk(fault["loc"])
    if fault["type"].startswith("union_tag"):
        path += ".schedule"  # the only unions of a study are widths, told apart by this key
    return f"{path}: {_complaint(fault, holder)}"


def _complaint(error: ErrorDetails, holder: Any) -> str:
    value, context = error["input"], error.get("ctx", {})
    match error["type"]:
        case "study":  # raised by this project, worded already
            return error["msg"]
        case "missing":
            about = holder.model_fields[error["loc"][-1]].description
            return complaint("missing", "a value, since the key has no default", about.rstrip("."))
        case "extra_forbidden":
            keys = list(holder.model_fields)
            return complaint("unknown key", ", ".join(keys), _closest(error["loc"][-1], keys))
        case "invalid_key":
            return complaint("a key that is not text", "names of letters", "put it in quotes")
        case "literal_error" | "union_tag_invalid":
            value = context.get("tag", value)
            options = context.get("expected_tags", context.get("expected")).replace("'", "")
            found = f"{shown(value)} is unknown" if isinstance(value, str) else described(value)
            options = options.replace(" or ", ", ")
            return complaint(found, options, _closest(value, options.split(", ")))
        case "union_tag_not_found":
            return complaint("missing", ", ".join(SCHEDULES), "write it as {schedule: units, ...}")
        case "bool_type":
            meant = _TRUTHS.get(str(value).lower(), "") if isinstance(value, str) else ""
            return complaint(described(value), "true or false", meant and f"write {meant}")
        case "tuple_type":
            hint = "" if isinstance(value, dict) else f"write [{shown(value)}]"
            return complaint(described(value), "a list", hint)
        case "too_short" | "too_long":
            most = context.get("max_length")
            bound = f"at least {context['min_length']}" if most is None else f"at most {most}"
            kind = "mapping" if isinstance(value, dict) else "list"
            count = len(value)
            found = f"a {kind} of {count}" if count else f"an empty {kind}"
            return complaint(found, bound)
        case "dict_type" | "model_type" | "model_attributes_type":
            return complaint(described(value), "a mapping of keys to values")
    return complaint(shown(value), error["msg"])


def _closest(key: Any, options: list[str]) -> str:
    close = difflib.get_close_matches(str(key), options, n=1)
    return f"did you mean {close[0]!r}?" if close else ""


def _walk(loc: tuple[int | str, ...]) -> tuple[str, Any]:
    """The path as the file's author would write it, and the kind that holds its last step.

    Pydantic's location also names what the file does not hold: the member of a union that was
    tried, and "[key]" for a fault of a key itself.
    """
    path, kind, holder = "", Study, Study
    for step in loc:
        members = [_bare(member) for member in get_args(kind)] if _is_union(kind) else []
        tagged = [member for member in members if step in _tags(member)]
        if tagged:
            kind = holder = tagged[0]
            continue
        if step == "[key]":
            continue
        holder, kind = kind, _inside(kind, step)
        path += f"[{step}]" if isinstance(step, int) else f".{_spelled(step)}"
    return path.removeprefix(".") or "the study", holder


def _spelled(step: str) -> str:
    return step if step.replace("-", "_").isidentifier() else shown(step)


def _inside(kind: Any, step: int | str) -> Any:
    """The kind of what `step` leads to inside `kind`; None where the study knows no such step."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(step))
        inner = field.annotation if field else None
    else:  # dict[name, kind] or tuple[kind, ...]
        arguments = get_args(kind)
        inner = (arguments[1] if get_origin(kind) is dict else arguments[0]) if arguments else None
    return _bare(inner)


def _bare(kind: Any) -> Any:
    """`kind` without its annotations, and without the None of a key that may be left out."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if _is_union(kind):
        members = [_bare(member) for member in get_args(kind)]
        members = [member for member in members if member not in (None, types.NoneType)]
        return members[0] if len(members) == 1 else kind
    return kind


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _tags(member: Any) -> tuple[str, ...]:
    field = member.model_fields.get("schedule") if hasattr(member, "model_fields") else None
    return get_args(field.annotation) if field else ()
