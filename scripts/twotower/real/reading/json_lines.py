"""Files with a JSON object in each line: each line checked as a whole, and fields for their type.

A message names file, line, field, value, what is allowed and what to do.
"""

import ast
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twotower.base import values as base_values
from twotower.real.reading.faults import REMEDY, RatingsFileError, fault, shown
from twotower.real.reading.text_lines import check_whole, not_utf8

MOST_BYTES = 2**24
"""Of a line; the longest of Yelp's, of users with thousands of friends, are far shorter."""
MOST_PRINTED = 10_000
"""Characters of a list or an object that is printed as text."""
UNKNOWN = "write what is not known as null"
_LINES = "a JSON object in each line"
_UNLISTED = "write each object into a line of its own, without a list around them"
_KINDS = {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}
_NOTHING = ("", "None", "nan")  # what tables print for null


class _TwiceError(ValueError):
    """A key that an object holds twice; the last one must not win without a word."""


class Record:
    """The object of one line; its methods give a field as the type that is asked for.

    Each raises RatingsFileError for a value of another type.
    """

    def __init__(self, path: Path, line: int, values: dict[str, Any]):
        self.path = path
        self.line = line
        self.values = values

    def fault(self, key: str, allowed: str, remedy: str = REMEDY) -> RatingsFileError:
        """The error for a field."""
        if key not in self.values:
            return fault(self.path, self.line, f"{key} is missing", allowed, remedy)
        value = self.values[key]
        parts = value if isinstance(value, list) else [value]
        if any(isinstance(one, str) and not _is_text(one) for one in parts):
            allowed += ", without halves of surrogate pairs"
        kind = f" ({_KINDS[type(value)]})" if type(value) in _KINDS else ""
        found = f"{key} is {base_values.shown(value)}{kind}"
        return fault(self.path, self.line, found, allowed, remedy)

    def text(self, key: str, remedy: str = REMEDY) -> str:
        """A text that is not empty."""
        value = self.values.get(key)
        if not value or not _is_text(value):
            raise self.fault(key, "text", remedy)
        return value

    def known_text(self, key: str) -> str:
        """A text, or "" where nothing is known: null, or no such field."""
        value = self.values.get(key)
        if value is not None and not _is_text(value):
            raise self.fault(key, "text, or null", UNKNOWN)
        return value or ""

    def number(self, key: str, low: float, high: float) -> float:
        """A number within bounds, or NaN where nothing is known: null, or no such field."""
        value = self.values.get(key)
        if value is None:
            return float("nan")
        if type(value) not in (int, float) or not low <= value <= high:
            allowed = f"a number from {low:g} to {high:g} without quotes, or null"
            raise self.fault(key, allowed, UNKNOWN)
        return float(value)

    def texts(self, key: str) -> list[str]:
        """Texts: of a list, of one text with commas, or of a list printed as text. Null is none."""
        value = self.values.get(key)
        if isinstance(value, str):
            if value.startswith("["):
                value = self._unprinted(key, value)
            else:
                parts = [] if value in _NOTHING else value.split(",")
                value = [part.strip() for part in parts if part.strip()]
        value = [] if value is None else value
        if not isinstance(value, list) or not all(_is_text(one) for one in value):
            allowed = "a list of texts, one text with commas between them, or null"
            raise self.fault(key, allowed, UNKNOWN)
        return value

    def mapping(self, key: str) -> dict[str, Any]:
        """An object, a list of texts "Name: value", or either printed as text. Null is empty."""
        value = self.values.get(key)
        if isinstance(value, str):
            value = None if value in _NOTHING else self._unprinted(key, value)
        if isinstance(value, list) and all(_is_text(one) and ":" in one for one in value):
            pairs = (one.split(":", 1) for one in value)
            value = self._once(key, [(name.strip(), rest.strip()) for name, rest in pairs])
        value = {} if value is None else value
        if not isinstance(value, dict):
            allowed = "an object, a list of texts 'Name: value', either printed as text, or null"
            raise self.fault(key, allowed, UNKNOWN)
        return value

    def _unprinted(self, key: str, text: str) -> Any:
        """The list or object that JSON or Python printed as text; another text as it is."""
        if len(text) > MOST_PRINTED:
            found = f"{key} is a text of {len(text):,} characters"
            remedy = "write it as a list or an object, not as text"
            allowed = f"at most {MOST_PRINTED:,}"
            raise fault(self.path, self.line, found, allowed, remedy)
        try:
            return json.loads(text, object_pairs_hook=lambda pairs: self._once(key, pairs))
        except (ValueError, RecursionError):
            pass
        try:
            with warnings.catch_warnings(action="ignore"):  # of odd literals, which then fail
                tree = ast.parse(text.strip(), mode="eval").body
            for node in ast.walk(tree):
                if isinstance(node, ast.Dict):
                    self._once(key, [(ast.literal_eval(name), None) for name in node.keys if name])
            return ast.literal_eval(tree)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            return text

    def _once(self, key: str, pairs: list[tuple]) -> dict:
        try:
            return _once(pairs)
        except _TwiceError as error:
            found = f"{key} holds {error} twice"
            raise fault(self.path, self.line, found, "each name once", "keep one") from None


def objects(path: Path) -> Iterator[Record]:
    """The object of each line.

    Raises:
        RatingsFileError: for a file that is empty, cut short or not in UTF-8, and for a line that
            is too long, holds no object, or one that is nested too deep or has a key twice.
    """
    check_whole(path)
    with open(path, "rb") as file:
        line = 0
        while raw := file.readline(MOST_BYTES + 1):
            line += 1
            yield Record(path, line, _object(path, line, raw))


def _object(path: Path, line: int, raw: bytes) -> dict[str, Any]:
    if len(raw) > MOST_BYTES:
        raise fault(path, line, f"more than {MOST_BYTES:,} bytes", _LINES, _UNLISTED)
    try:
        text = raw.decode("utf-8" if line > 1 else "utf-8-sig")
    except UnicodeDecodeError:
        raise not_utf8(path) from None
    try:
        one = _DECODER.decode(text)
    except _TwiceError as error:
        raise fault(
            path, line, f"{error} stands there twice", "each key once", "keep one"
        ) from None
    except json.JSONDecodeError:
        one = None
    except ValueError:  # Python refuses to read integers of more than 4,300 digits
        found = "a number of thousands of digits"
        raise fault(path, line, found, "numbers that computers use") from None
    except RecursionError:
        found = "lists or objects that are nested too deep"
        raise fault(path, line, found, "objects as the data's authors publish them") from None
    if not isinstance(one, dict):
        begun = text.strip()[:1] == "[" or text.strip() == "{"  # one list, or printed over lines
        found = f"no JSON object: {shown(text.strip())}" if text.strip() else "the line is blank"
        raise fault(path, line, found, _LINES, _UNLISTED if begun else REMEDY)
    return one


def _once(pairs: list[tuple]) -> dict:
    """The object of these pairs, or _TwiceError with the name that stands there twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(shown(str(next(name for name in names if names.count(name) > 1))))
    return found


def _is_text(value: object) -> bool:
    """Whether a value is a text that can be written: without a half of a surrogate pair."""
    if not isinstance(value, str):
        return False
    return value.isascii() or not any("\ud800" <= each <= "\udfff" for each in value)


_DECODER = json.JSONDecoder(object_pairs_hook=_once)  # json.loads would make one for each line
