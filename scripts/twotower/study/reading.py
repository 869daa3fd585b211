"""Reading a study: text to a mapping, a mapping to a `Study`, all faults as one `StudyError`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from twotower.base import places, safe_names, strict_yaml, words
from twotower.base.errors import ExpectedError
from twotower.base.values import complaint, described
from twotower.study.blocks import faults
from twotower.study.complaints import explained
from twotower.study.conflicts import conflicts, trainings_fault
from twotower.study.experiments import Experiment, Override
from twotower.study.schema import Study
from twotower.study.settings import Settings

MOST_SHOWN = 50
"""Most faults that are shown; of further faults only the number is shown."""
SEE = "config.yaml at the root of the project is an example"

_M = TypeVar("_M", bound=BaseModel)


class StudyError(ExpectedError):
    """Faults of a study that its author can mend; `str()` is a headline, then one line each.

    `place` names the file; each of `messages` is one line: the key's path or the line in the file,
    what was found, what is allowed and often what to write instead.
    """

    def __init__(self, place: str | Path, messages: list[str]) -> None:
        super().__init__(place, messages)
        self.place = str(place) if str(place).isprintable() else ascii(str(place))
        self.messages = messages

    def __str__(self) -> str:
        count = len(self.messages)
        headline = f"{self.place}: {words.count(count, 'problem')}"
        lines = [headline, *(f"  {message}" for message in self.messages[:MOST_SHOWN])]
        if count > MOST_SHOWN:
            lines.append(f"  ... and {count - MOST_SHOWN:,} more; mend these first")
        return "\n".join(lines)


def read_study(path: str | Path) -> Study:
    """The study of a YAML file; raises StudyError."""
    return validated(load_study(path), path)


def load_study(path: str | Path, name: str = "STUDY=") -> dict[Any, Any]:
    """The mapping in a YAML file of a study, as it is written; only its YAML is checked.

    Args:
        path: of the file.
        name: what a user types in front of it.

    Raises:
        StudyError: if `path` is an empty text; if the file cannot be read, is too large, is not
            UTF-8, is broken YAML, gives a key twice, uses tags or aliases, or holds anything but
            one mapping; or if a record could not hold its name, since such a study could not be
            stated or sealed.
    """
    if path == "":
        hint = f"leave {name} out if you do not need it"
        raise StudyError(name, [complaint("it is empty", "a study file", hint)])
    try:
        raw = strict_yaml.load(path)
    except strict_yaml.YamlError as error:
        raise StudyError(path, error.messages) from None
    if not safe_names.is_path(places.name(path)):
        found = "the records of a run could not name this file"
        allowed = "a path of printable characters that does not begin with a dash"
        raise StudyError(path, [complaint(found, allowed, "rename it")])
    if raw is None:
        raise StudyError(path, [complaint("the file is empty", "a study", SEE)])
    if not isinstance(raw, dict):
        found = f"the file does not hold a mapping: {described(raw)}"
        raise StudyError(path, [complaint(found, "a mapping of keys to values", SEE)])
    return raw


def merged(raw: Mapping[Any, Any], overrides: Mapping[Any, Any]) -> dict[Any, Any]:
    """`raw` with `overrides` laid over it, as a new dict.

    Mappings merge key by key at every level; anything else, lists too, is replaced.
    """
    result = dict(raw)
    for key, value in overrides.items():
        old = result.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[key] = merged(old, value) if both else value
    return result


def validated(raw: Any, place: str | Path) -> Study:
    """The study that `raw` describes; `place` names its origin in messages.

    Raises:
        StudyError: with every fault at once. Cells are checked in each experiment that is sound by
            itself, whatever is wrong elsewhere.
    """
    messages = []
    study = None
    try:
        study = Study.model_validate(raw)
    except ValidationError as error:
        messages = explained(error)
    messages += conflicts(*_sound_parts(raw), study.arms.keys() if study else None)
    if study is not None and not messages:
        messages = trainings_fault(study) + faults.of(study)
    if study is None or messages:
        raise StudyError(place, messages)
    return study


def _sound_parts(raw: Any) -> tuple[Settings, dict[str, Experiment], list[Override]]:
    """The defaults, and those experiments and overrides that are valid by themselves.

    No experiments without sound defaults.
    """
    raw = raw if isinstance(raw, dict) else {}
    given = raw.get("experiments")
    defaults = _attempt(Settings, raw.get("defaults", {}))
    if defaults is None or not isinstance(given, dict):
        return Settings(), {}, []
    tried = {
        name: _attempt(Experiment, value)
        for name, value in given.items()
        if isinstance(name, str) and name.isidentifier()
    }
    rest = raw.get("overrides")
    overrides = [_attempt(Override, value) for value in rest] if isinstance(rest, list) else []
    return (
        defaults,
        {name: sound for name, sound in tried.items() if sound is not None},
        [sound for sound in overrides if sound is not None],
    )


def _attempt(model: type[_M], value: Any) -> _M | None:
    try:
        return model.model_validate(value)
    except ValidationError:
        return None
