"""YAML as plain data: no tags, no aliases, no repeated keys, limits on bytes, values and depth.

A file can neither run code nor exhaust memory, and a number means what it looks like.
"""

import os
import re
import stat
from pathlib import Path
from typing import Any, NoReturn

import yaml

from twotower.base.values import complaint, shown

MOST_BYTES = 2**20
MOST_NODES = 30_000
MOST_LEVELS = 20
TWICE = "is given twice"
"""What the message on a repeated key says."""


class YamlError(Exception):
    """Faults of a file; each of `messages` is one line: place, what was found, what is allowed."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__(messages)
        self.messages = messages


def load(path: str | Path) -> Any:
    """What a YAML file holds; None for an empty one.

    Raises:
        YamlError: if it cannot be read, is no ordinary file, is too large, is not UTF-8, is broken
            YAML, gives a key twice, or uses tags or aliases.
    """
    return parse(_text(path))


def parse(text: str) -> Any:
    """As `load`, for the text of a file."""
    try:
        loader = _Loader(text)
        found = loader.get_single_data()
    except yaml.YAMLError as error:
        raise YamlError([_message(error, text)]) from None
    if loader.repeated:
        raise YamlError(loader.repeated)
    return found


def _text(path: str | Path) -> str:
    try:
        # A pipe would wait for ever, and the jobs, which read the file again, would find it empty.
        kind = os.stat(path).st_mode
        if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
            raise YamlError([complaint("this is a pipe or a device", "a YAML file")])
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        text = complaint("there is no such file", "a YAML file", "check the spelling")
        raise YamlError([text]) from None
    except IsADirectoryError:
        raise YamlError([complaint("this is a folder", "a YAML file")]) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = getattr(error, "strerror", None) or str(error)
        text = complaint(f"cannot be read ({reason})", "a YAML file")
        raise YamlError([text]) from None
    if len(data) > MOST_BYTES:
        found = "the file is too large"
        raise YamlError([complaint(found, f"at most {MOST_BYTES:,} bytes")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"line {line}: byte 0x{data[error.start]:02x} is not UTF-8"
        text = complaint(found, "text in UTF-8", "save the file as UTF-8")
        raise YamlError([text]) from None


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
            self._refuse(event, f"tag {event.tag}; leave it out, values need no tag")
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
        first: dict[str, yaml.Mark] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._refuse(key, "a list or mapping as a key; keys are names")
            key.tag = "tag:yaml.org,2002:str"  # as it is written: 007 is a name, as is null
            mark = first.setdefault(key.value, key.start_mark)
            if mark is not key.start_mark:
                found = f"{_where(key.start_mark)}: {shown(key.value)} {TWICE}"
                hint = f"it stands on line {mark.line + 1} too, remove one of the two"
                self.repeated.append(complaint(found, "each key once", hint))
        return super().construct_mapping(node, deep)

    def _refuse(self, place: yaml.Event | yaml.Node, problem: str) -> NoReturn:
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=place.start_mark)


# Only what YAML 1.1 and 1.2 read alike, and 1_000: YAML 1.1 would take 0512 for octal, 1:30 and
# 1:30.5 for 90 and more, dates for dates, yes and off for truth values, silently. What is left out
# here is text, which the study's numbers and truth values refuse.
_IMPLICIT = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?(?:0|[1-9][0-9_]*)", list("-+0123456789")),
    "float": (
        r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+0123456789."),
    ),
}
_Loader.yaml_implicit_resolvers = {}
for _name, (_pattern, _first) in _IMPLICIT.items():
    _tag = f"tag:yaml.org,2002:{_name}"
    _Loader.add_implicit_resolver(_tag, re.compile(f"(?:{_pattern})$"), _first)


def _where(mark: yaml.Mark) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"


def _message(error: yaml.YAMLError, text: str) -> str:
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
