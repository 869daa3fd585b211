"""The canonical content of a result: what its file says, in whatever bytes.

A file is read into named parts: the arrays of a safetensors file, the columns of a CSV, the words
and the numbers of a text, the shapes of an SVG or PDF, the pixels of a PNG. What carries no
meaning is left out: the order and packing of bytes, ids, dates, the program that wrote it. What a
reader does not know is never left out: it makes the file unreadable, or stands among its words.
"""

import csv
import io
import json
import math
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors import SafetensorError

from twotower.audits.compare import pdf, png, svg
from twotower.audits.compare.parts import MARK, ContentError, Kind, Part
from twotower.base import tensors

# Not part of a word, an id or a version: 1.05 but not the 3 of results/3f9a or of v3.
_NUMBER = re.compile(
    r"(?<![\w.#:])[-−+]?[0-9]++(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+(?![\w:]|\.\d)"
)
_CELL = re.compile(r"[-+]?(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][-+]?[0-9]++)?+")
_MISSING = ("", "nan", "inf", "-inf")  # in a column of numbers
_WHOLE = re.compile(r"[-+]?[0-9]++")
UNREADABLE = (
    ValueError, TypeError, KeyError, AttributeError, ArithmeticError, EOFError, OSError,
    SyntaxError, RecursionError, MemoryError, SafetensorError, zlib.error, csv.Error,
    Image.DecompressionBombError,
)  # fmt: skip
"""What the readers of hostile files were seen to raise, or may: PIL a SyntaxError for a broken
PNG, safetensors an AttributeError or a TypeError for types of numbers that NumPy lacks."""
MOST_TEXT = 500_000_000
"""Bytes of a text, table or vector figure."""
MOST_COLUMNS = 1_000
_LEAST_DECIMALS = 2
"""Printed numbers with fewer are settings and counts as a rule, and must be equal."""
_EXACT = 15  # digits that a float64 tells apart
_LONGEST = 40  # characters of a number


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
    return _split("text", [text])


def _arrays(path: Path) -> dict[str, Part]:
    parts = {"metadata": _words([_metadata(path)])}
    for name, values in tensors.read(path, mapped=True).items():
        kind = Kind.ARRAY if values.dtype.kind == "f" else Kind.COUNTS
        parts[f"array {name}"] = Part(kind, values)
    return parts


def _metadata(path: Path) -> str:
    """What the header of a safetensors file says besides its arrays, which fill the file."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > min(size, MOST_TEXT):
            raise ContentError("its header is longer than the file")
        header = json.loads(file.read(length), object_pairs_hook=_once)
    about = header.pop("__metadata__", {})
    spans = sorted(tuple(entry["data_offsets"]) for entry in header.values())
    odd = any(entry.keys() != {"dtype", "shape", "data_offsets"} for entry in header.values())
    ends = [0, *(stop for _, stop in spans)]
    if odd or ends[-1] != size - 8 - length or ends[:-1] != [start for start, _ in spans]:
        raise ContentError("its header holds more than arrays that fill the file")
    return json.dumps(about, sort_keys=True)


def _once(pairs: list[tuple]) -> dict:
    if len(dict(pairs)) != len(pairs):
        raise ContentError("its header has a name twice")
    return dict(pairs)


def _table(path: Path) -> dict[str, Part]:
    text = io.StringIO(_bytes(path).decode("utf-8"), newline="")
    rows = list(csv.reader(text, strict=True))
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise ContentError("its rows are not of one length")
    names = rows[0]
    if len(set(names)) != len(names) or len(names) > MOST_COLUMNS:
        raise ContentError(f"its {len(names):,} columns have a name twice, or are too many")
    parts = {"names of columns": _words(names)}
    for name, *cells in zip(*rows, strict=True):
        parts |= _column(name, cells)
    return parts


def _column(name: str, cells: list[str]) -> dict[str, Part]:
    """A column as numbers, and what stands for missing ones; or as words."""
    known = [cell for cell in cells if cell not in _MISSING]
    whole = bool(known) and all(map(_WHOLE.fullmatch, known))
    longest = _EXACT if whole else _LONGEST
    if not all(_is_number(cell, longest) for cell in known):
        return _split(f"column {name}", cells)
    numbers = np.array([float(cell) if cell else math.nan for cell in cells], dtype=float)
    return {
        f"column {name}": Part(Kind.COUNTS if whole else Kind.NUMBERS, numbers),
        f"no numbers in {name}": _words([cell if cell in _MISSING else "" for cell in cells]),
    }


def _is_number(cell: str, longest: int) -> bool:
    """Whether a cell is a number that a float64 holds: 1e999 is not."""
    right = len(cell) <= longest and _CELL.fullmatch(cell) is not None
    return right and math.isfinite(float(cell))


def _text(path: Path) -> dict[str, Part]:
    """Lines as they are; rows of a table without the blanks that make columns equally wide."""
    lines = _bytes(path).decode("utf-8").split("\n")
    if path.suffix == ".md":
        lines = [_narrow(line) if line.startswith("|") else line for line in lines]
    return _split("text", lines)


def _narrow(line: str) -> str:
    return re.sub("-{3,}", "---", re.sub(" {2,}", " ", line))


def _split(name: str, texts: list[str]) -> dict[str, Part]:
    """Texts as words, with a mark in place of each number, and as the numbers.

    Where numbers may be off by their last digit they are `PRINTED`; others stay among the words.
    """
    found = []

    def mark(match: re.Match) -> str:
        number = match[0].replace("−", "-")
        decimals = len(number.partition(".")[2].partition("e")[0])
        if decimals < _LEAST_DECIMALS or "e" in number.lower() or len(number) > _EXACT:
            return match[0]
        found.append((float(number), 10.0**-decimals))
        return MARK

    words = [_NUMBER.sub(mark, text) for text in texts]
    numbers = np.array(found, dtype=float).reshape(-1, 2)
    return {
        name: _words(words),
        f"numbers of {name}": Part(Kind.PRINTED, numbers[:, 0], numbers[:, 1]),
    }


def _words(texts: list[str]) -> Part:
    return Part(Kind.WORDS, np.array(texts, dtype=object))


def _of_bytes(reader: Callable[[bytes], dict[str, Part]]) -> Callable[[Path], dict[str, Part]]:
    return lambda path: reader(_bytes(path))


def _bytes(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MOST_TEXT:
        raise ContentError(f"its {size:,} bytes are too many to be read at once")
    return path.read_bytes()


_READERS = {
    ".safetensors": _arrays,
    ".csv": _table,
    ".png": png.pixels,
    ".svg": _of_bytes(svg.shapes),
    ".pdf": _of_bytes(pdf.pages),
}
