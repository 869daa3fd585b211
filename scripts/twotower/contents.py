"""The canonical content of a result: what its file says, whatever the bytes that say it.

A file is read into named parts: the arrays of a safetensors file, the columns of a CSV, the words
and the numbers of a text, the shapes of an SVG or PDF, the pixels of a PNG. What carries no
meaning is left out: the order and packing of bytes, ids, dates, the program that wrote it.
"""

import csv
import hashlib
import math
import re
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image
from safetensors import SafetensorError

from twotower import tensors


class Kind(StrEnum):
    """How a part is compared."""

    WORDS = "words"  # equal or not
    COUNTS = "counts"  # whole numbers: equal or not
    NUMBERS = "numbers"  # relative to each of them
    ARRAY = "array"  # relative to the array's root mean square
    PRINTED = "printed"  # by one unit of the last digit printed
    POINTS = "points"  # by a distance on the page
    PIXELS = "pixels"  # by shades


@dataclass(frozen=True)
class Part:
    """A part of a file.

    Attributes:
        values: of any shape; text for words.
        units: of printed numbers, the unit of the last digit; else None.
    """

    kind: Kind
    values: np.ndarray
    units: np.ndarray | None = None


class ContentError(Exception):
    """The file is not of the form that its name promises; the message says so in words."""


# Not part of a word, an id or a version: 1.05 but not the 3 of results/3f9a or of v3.
_NUMBER = re.compile(r"(?<![\w.#:])[-−+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w:]|\.\d)")
_COORDINATE = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_MARK = "¤"  # stands for a number; numpy would cut a zero character off
_GEOMETRY = {
    "d",
    "transform",
    "x",
    "y",
    "points",
    "x1",
    "x2",
    "y1",
    "y2",
    "cx",
    "cy",
    "r",
    "rx",
    "ry",
}
_STRING = r"\((?:\\.|[^\\()])*\)"
_TOKEN = re.compile(rf"{_STRING}|\[(?:{_STRING}|[^\]()])*\]|[^\s\[(]+", re.DOTALL)
_DRAWING = {"m", "l", "c", "v", "y", "re", "cm", "Td", "TD", "Tm"}
"""Operators of a PDF that move and draw (ISO 32000-1, tables 59, 57, 108)."""
_WHOLE = re.compile(r"[-+]?\d+")
UNREADABLE = (
    ValueError, TypeError, KeyError, AttributeError, ArithmeticError, EOFError, OSError,
    SyntaxError, RecursionError, MemoryError, SafetensorError, ElementTree.ParseError, zlib.error,
    csv.Error, Image.DecompressionBombError,
)  # fmt: skip
"""What the readers of hostile files were seen to raise, or may: PIL a SyntaxError for a broken
PNG, safetensors an AttributeError or a TypeError for types of numbers that NumPy lacks."""
MOST_PIXELS = 50_000_000
"""Of a picture; one with more, which a file of a few bytes can claim to hold, is not unpacked."""
MOST_UNPACKED = 100_000_000
"""Bytes of a part of a PDF, for the same reason."""
_LEAST_DECIMALS = 2
"""Printed numbers with fewer are settings and counts as a rule, and must be equal."""


def read(path: str | Path) -> dict[str, Part]:
    """The parts of a result by name.

    Raises:
        ContentError: if it cannot be read as what its suffix says.
    """
    path = Path(path)
    reader = _READERS.get(path.suffix, _text)
    try:
        return reader(path)
    except UNREADABLE as error:
        told = str(error).replace(str(path), path.name) or type(error).__name__
        raise ContentError(f"it cannot be read as {path.suffix or 'text'}: {told}") from None


def printed(text: str) -> dict[str, Part]:
    """The parts of a text: its words, and numbers that may be off by their last digit."""
    return _split("text", [text], _NUMBER)


def _arrays(path: Path) -> dict[str, Part]:
    parts = {}
    for name, values in tensors.read(path, mapped=True).items():
        kind = Kind.ARRAY if values.dtype.kind == "f" else Kind.COUNTS
        parts[f"array {name}"] = Part(kind, values)
    return parts


def _table(path: Path) -> dict[str, Part]:
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, strict=True))
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise ContentError("its rows are not of one length")
    parts = {"names of columns": Part(Kind.WORDS, np.array(rows[0], dtype=str))}
    for name, *cells in zip(*rows, strict=True):
        numbers = _numbers(cells)
        if numbers is None:
            parts |= _split(f"column {name}", cells, _NUMBER)
        else:
            whole = all(_WHOLE.fullmatch(cell) for cell in cells)
            parts[f"column {name}"] = Part(Kind.COUNTS if whole else Kind.NUMBERS, numbers)
    return parts


def _numbers(cells: list[str]) -> np.ndarray | None:
    """A column as numbers, empty cells as NaN; None if it holds words."""
    try:
        return np.array([float(cell) if cell else math.nan for cell in cells])
    except ValueError:
        return None


def _text(path: Path) -> dict[str, Part]:
    """Lines without what fills them up: a table's columns are as wide as their widest number."""
    lines = path.read_text(encoding="utf-8").splitlines()
    lines = [re.sub("-{3,}", "---", " ".join(line.split())) for line in lines]
    return _split("text", lines, _NUMBER)


def _split(name: str, texts: list[str], pattern: re.Pattern) -> dict[str, Part]:
    """Texts as words, with a mark in place of each number, and as the numbers.

    Where numbers may be off by their last digit they are `PRINTED`; others stay among the words.
    """
    found = []

    def mark(match: re.Match) -> str:
        number = match[0].replace("−", "-")
        decimals = len(number.partition(".")[2].partition("e")[0])
        if decimals < _LEAST_DECIMALS or "e" in number.lower():
            return match[0]
        found.append((float(number), 10.0**-decimals))
        return _MARK

    words = [pattern.sub(mark, text) for text in texts]
    numbers = np.array(found, dtype=float).reshape(-1, 2)
    return {
        name: Part(Kind.WORDS, np.array(words, dtype=str)),
        f"numbers of {name}": Part(Kind.PRINTED, numbers[:, 0], numbers[:, 1]),
    }


def _pixels(path: Path) -> dict[str, Part]:
    with picture(path) as image:
        return {"pixels": Part(Kind.PIXELS, np.asarray(image.convert("RGBA")))}


@contextmanager
def picture(path: Path) -> Iterator[Image.Image]:
    """A picture that is of a size to be unpacked.

    Raises:
        ContentError: if it is larger.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # refused just below
        image = Image.open(path)
    with image:
        if image.width * image.height > MOST_PIXELS:
            raise ContentError(f"its {image.width}×{image.height} pixels are too many to unpack")
        yield image


def _shapes(path: Path) -> dict[str, Part]:
    """An SVG's elements in order; ids by their turn, since matplotlib makes them of the shapes."""
    root = ElementTree.parse(path).getroot()
    names: dict[str, str] = {}
    for element in root.iter():
        if "id" in element.attrib:
            names.setdefault(element.attrib["id"], f"#{len(names)}")
    words: list[str] = []
    points: list[float] = []
    for element in _drawn(root):
        words += [element.tag, (element.text or "").strip()]
        for key, value in sorted(element.attrib.items()):
            if key in _GEOMETRY:
                points += map(float, _COORDINATE.findall(value))
                words += [key, _COORDINATE.sub(_MARK, value)]
            elif key != "id":
                named = re.sub(r"#([^)\s;]+)", lambda id: names.get(id[1], id[0]), value)
                words += [key, named]
    return _drawing(words, points)


def _drawn(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """All elements but for those that tell of the file itself."""
    if not root.tag.endswith("}metadata"):
        yield root
        for element in root:
            yield from _drawn(element)


def _pages(path: Path) -> dict[str, Part]:
    """A PDF's objects in order, unpacked; without lengths, offsets and dates."""
    content = path.read_bytes()
    if not content.startswith(b"%PDF-") or not content.rstrip().endswith(b"%%EOF"):
        raise ContentError("it cannot be read as .pdf: it does not begin and end as one")
    content = content[: end if (end := content.rfind(b"\nxref")) > 0 else len(content)]
    words: list[str] = []
    points: list[float] = []
    at = 0
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL):
        before = content[at : match.start()]
        at = match.end()
        words.append(_description(before))
        about = before.rpartition(b" obj")[2]
        body = _unpacked(match[1]) if b"/FlateDecode" in about else match[1]
        if b"/Length1" in about or b"/Image" in about:  # a font, a picture
            words.append(hashlib.sha256(body).hexdigest())
        else:
            _operators(body.decode("latin-1"), words, points)
    return _drawing([*words, _description(content[at:])], points)


def _unpacked(packed: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    body = unpacking.decompress(packed, MOST_UNPACKED)
    if not unpacking.eof:
        raise ContentError(f"a part of it is cut short, or larger than {MOST_UNPACKED:,} bytes")
    return body


def _description(objects: bytes) -> str:
    """Objects without what depends on how their streams are packed, or on the day."""
    text = re.sub(rb"\d+ 0 obj\s+\d+\s+endobj", b"", objects)  # a stream's length
    text = re.sub(rb"/Length \d+( 0 R)?", b"", text)
    text = re.sub(rb"/(CreationDate|ModDate|Producer|Creator) ?\([^)]*\)", b"", text)
    return " ".join(text.decode("latin-1").split())


def _operators(text: str, words: list[str], points: list[float]) -> None:
    """A content stream: operands of what moves and draws are points, colours and texts words."""
    waiting: list[str] = []
    for token in _TOKEN.findall(text):
        if token[0] in "([/" or _COORDINATE.fullmatch(token):
            waiting.append(token)
            continue
        if token in _DRAWING and all(map(_COORDINATE.fullmatch, waiting)):
            points += map(float, waiting)
            waiting = [_MARK] * len(waiting)
        words.append(" ".join([*waiting, token]))
        waiting = []
    words.append(" ".join(waiting))


def _drawing(words: list[str], points: list[float]) -> dict[str, Part]:
    return {
        "shapes": Part(Kind.WORDS, np.array(words, dtype=str)),
        "coordinates": Part(Kind.POINTS, np.array(points, dtype=float)),
    }


_READERS = {
    ".safetensors": _arrays,
    ".csv": _table,
    ".png": _pixels,
    ".svg": _shapes,
    ".pdf": _pages,
}
