"""Reading a study: text to a mapping, a mapping to a `Study`, all faults as one `StudyError`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from twotower.config import Study
from twotower.conflicts import conflicts
from twotower.explain import explained
from twotower.kinds import complaint, described, shown
from twotower.settings import Experiment, Override, Settings

SEE = "config.yaml at the root of the project is an example"
MOST_BYTES = 2**20
MOST_NODES = 50_000
MOST_LEVELS = 20

_M = TypeVar("_M", bound=BaseModel)


class StudyError(Exception):
    """Faults of a study that its author can mend; `str()` is a headline, then one line each.

    `place` names the file; each of `messages` is one line: the key's path or the line in the file,
    what was found, what is allowed and often what to write instead.
    """

    def __init__(self, place: str | Path, messages: list[str]) -> None:
        super().__init__(place, messages)
        self.place = str(place)
        self.messages = messages

    def __str__(self) -> str:
        count = len(self.messages)
        headline = f"{self.place}: {count} problem{'s' if count != 1 else ''}"
        return "\n".join([headline, *(f"  {message}" for message in self.messages)])


def read_study(path: str | Path) -> Study:
    """The study of a YAML file; raises StudyError."""
    return validated(load_study(path), path)


def load_study(path: str | Path) -> dict[Any, Any]:
    """The mapping in a YAML file of a study, as written: nothing but its YAML is checked.

    Raises:
        StudyError: if the file cannot be read, is too large, is not UTF-8, is broken YAML, gives
            a key twice, uses tags or aliases, or holds anything but one mapping.
    """
    text = _text(path)
    try:
        loader = _Loader(text)
        raw = loader.get_single_data()
    except yaml.YAMLError as error:
        raise StudyError(path, [_yaml_message(error, text)]) from None
    if loader.repeated:
        raise StudyError(path, loader.repeated)
    if raw is None:
        raise StudyError(path, [complaint("the file is empty", "a study", SEE)])
    if not isinstance(raw, dict):
        found = f"the file holds no mapping, {described(raw)}"
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
    if study is None or messages:
        raise StudyError(place, messages)
    return study


def _text(path: str | Path) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        text = complaint("there is no such file", "a YAML file", "check the spelling")
        raise StudyError(path, [text]) from None
    except IsADirectoryError:
        raise StudyError(path, [complaint("this is a folder", "a YAML file")]) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = getattr(error, "strerror", None) or str(error)
        text = complaint(f"cannot be read ({reason})", "a YAML file")
        raise StudyError(path, [text]) from None
    if len(data) > MOST_BYTES:
        found = "the file is too large"
        raise StudyError(path, [complaint(found, f"at most {MOST_BYTES:,} bytes")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"line {line}: byte 0x{data[error.start]:02x} is not UTF-8"
        text = complaint(found, "text in UTF-8", "save the file as UTF-8")
        raise StudyError(path, [text]) from None


class _Loader(yaml.SafeLoader):
    """YAML without what a study has no use for and what can hurt: tags, aliases, depth, bulk.

    Keys given twice in one mapping are noted in `repeated`, all of them, as messages.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.nodes = 0
        self.levels = 0
        self.repeated: list[str] = []

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, f"alias *{event.anchor}; write the value out instead")
        if event.tag is not None:
            self._refuse(event, f"tag {event.tag}; leave it out, values need none")
        self.nodes += 1
        self.levels += 1
        if self.nodes > MOST_NODES:
            self._refuse(event, f"more than {MOST_NODES:,} keys and values")
        if self.levels > MOST_LEVELS:
            self._refuse(event, f"more than {MOST_LEVELS} levels of nesting")
        node = super().compose_node(parent, index)
        self.levels -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError:  # such as an integer of more than 4,300 digits
            raise yaml.MarkedYAMLError(
                problem="a number that cannot be read", problem_mark=node.start_mark
            ) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        first: dict[tuple[str, str], yaml.Mark] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._refuse(key, "a list or mapping as a key; keys are names")
            mark = first.setdefault((key.tag, key.value), key.start_mark)
            if mark is not key.start_mark:
                found = f"{_where(key.start_mark)}: {shown(key.value)} is given twice"
                hint = f"it stands on line {mark.line + 1} too, remove one of the two"
                self.repeated.append(complaint(found, "each key once", hint))
        return super().construct_mapping(node, deep)

    def _refuse(self, place: yaml.Event | yaml.Node, problem: str) -> NoReturn:
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=place.start_mark)


# Only what YAML 1.2 reads alike: YAML 1.1 would take 0512 for octal, 1:30 for 90 and dates for
# dates, silently. What is left out here is text, which the study's numbers refuse.
_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if tag.endswith((":bool", ":float", ":null"))
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"[-+]?(?:0|[1-9][0-9_]*)$"), list("-+0123456789")
)


def _where(mark: yaml.Mark) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"


def _yaml_message(error: yaml.YAMLError, text: str) -> str:
    """One line that says where the YAML breaks, and how."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        found = f"line {line}: a control character, {shown(chr(error.character))}"
        return complaint(found, "printable text", "delete it")
    problem = " ".join(str(error.problem).split())
    if error.context:
        problem += f" ({' '.join(error.context.split())})"
    hint = "indent with spaces, not tabs" if "'\\t'" in problem else ""
    return complaint(f"{_where(error.problem_mark)}: {problem}", "plain YAML", hint)


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
