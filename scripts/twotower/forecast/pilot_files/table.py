"""A CSV of a pilot as it is written: the text of every field, and the line that it stands on.

No type is guessed here: 007, NA and True stay what was typed. Spaces around and between words do
not tell names apart, nor do forms of one letter that look alike (Unicode's NFKC).
"""

import csv
import io
import re
import shlex
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from twotower.base import files
from twotower.base.values import complaint
from twotower.forecast.pilot_files.source import PilotError

_PACKED = {b"PK\x03\x04": "a workbook or an archive", b"\x1f\x8b": "compressed", b"PAR1": "Parquet"}
_OTHERS = {"<": "HTML or XML", "{": "JSON", "[": "JSON"}  # by their first sign
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "'|'", " ": "spaces"}
_DECIMAL_COMMA = re.compile(r"(^|[;\t| ])-?\d+,\d+(?=[;\t| \r\n]|$)", re.MULTILINE)


def fault(place: object, found: str, allowed: str, hint: str = "") -> PilotError:
    """The error of one place: "pilot.csv, line 3: …; allowed: …; hint"."""
    return PilotError(f"{place}: {complaint(found, allowed, hint)}")


def text_of(path: Path) -> str:
    """What a file holds, as text without a byte order mark.

    Raises:
        PilotError: if it is a folder or a device, is not there, is packed, or is not UTF-8.
    """
    try:
        kind = path.stat().st_mode
    except FileNotFoundError:
        raise PilotError(
            f"{path}: there is no such file; allowed: results/rates/<experiment>/risks.csv of a "
            "finished study, or a CSV of your own with n_ratings, replicate and mse"
        ) from None
    if stat.S_ISDIR(kind):
        known = ("scores.csv", "risks.csv", "*/scores.csv", "*/risks.csv", "*.csv")  # best first
        inside = list(dict.fromkeys(file for pattern in known for file in path.glob(pattern)))
        best = [file for file in inside if file.name in ("scores.csv", "risks.csv")] or inside
        hint = (
            " or ".join(f"RISKS={shlex.quote(str(file))}" for file in best[:3]) or "it holds no CSV"
        )
        raise PilotError(f"{path}: is a folder; allowed: a file, a CSV ({hint})")
    if stat.S_ISCHR(kind) or stat.S_ISBLK(kind):
        raise fault(path, "is a device", "a file, a CSV")
    data = path.read_bytes()
    packed = next((word for start, word in _PACKED.items() if data.startswith(start)), None)
    if packed:
        raise fault(path, f"is {packed}", "a CSV as plain text", "unpack it, or save it as CSV")
    if wide := files.wide_encoding(data):
        hint = f"save it as UTF-8 (iconv -f {wide} -t UTF-8)"
        raise fault(path, f"is text in {wide}", "text in UTF-8", hint)
    if b"\0" in data:
        raise fault(path, "is no CSV with one header: it has null bytes", "text in UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{data[error.start]:02x} is not UTF-8"
        hint = "save it as UTF-8; of Latin-1 or Windows: iconv -f WINDOWS-1252 -t UTF-8"
        raise fault(f"{path}, line {line}", found, "text in UTF-8", hint) from None


def header(text: str, path: Path) -> list[str]:
    """Names of the columns, each once.

    Raises:
        PilotError: if there is no header, its fields are not separated by commas, or it names a
            column twice.
    """
    if not text.strip():
        raise fault(path, "is empty", "a header, then a row for each size and replicate")
    if other := _OTHERS.get(text.lstrip()[:1]):
        raise fault(path, f"is {other}, no CSV with one header", "a CSV", "is it another file?")
    line, names = next(_records(text, path), (1, [""]))
    whole = text.lstrip().partition("\n")[0].strip()
    separator = max(_SEPARATORS, key=lambda one: (whole.count(one), one != " "))
    spaced = separator == " " and len(names) > 1  # names of several words
    if whole.count(separator) >= len(names) and not spaced:
        decimal = ', decimal=","' if _DECIMAL_COMMA.search(text) else ""
        given, to = r"\s+" if separator == " " else separator, f"{path.stem}-commas.csv"
        raise fault(
            f"{path}, line {line}",
            f"fields are separated by {_SEPARATORS[separator]}",
            "commas",
            f"in Python: import pandas as pd; pd.read_csv({str(path)!r}, sep={given!r}"
            f"{decimal}).to_csv({to!r}, index=False)",
        )
    for place, name in enumerate(names):
        if name and name in names[:place]:
            found = f"the column {name} stands twice, as column {names.index(name) + 1} and column"
            hint = "rename one of the two, or remove it"
            where = f"{path}, line {line}"
            raise fault(where, f"{found} {place + 1}", "each name once", hint)
    return [name or f"Unnamed: {place}" for place, name in enumerate(names)]  # as pandas has it


def rows(text: str, path: Path) -> pd.DataFrame:
    """Every field as text, "" where it is empty; the index is the line of each row.

    Raises:
        PilotError: as `header`, or if a row has more or fewer fields than the header.
    """
    names = header(text, path)
    listed = list(_records(text, path))[1:]
    for line, found in listed:
        while len(found) > len(names) and not found[-1]:
            found.pop()
        if len(found) != len(names):
            hint = "write 0.05, with a point, for 0,05" if len(found) > len(names) else ""
            hint = hint or "the line may have been cut short"
            where = f"{path}, line {line}"
            raise fault(where, f"{len(found)} fields", f"{len(names)}, as in the header", hint)
    if not listed:
        raise PilotError(f"{path}: has no rows; allowed: a row for each size and replicate")
    lines = [line for line, _ in listed]
    return pd.DataFrame([found for _, found in listed], lines, names, dtype=object)


def plain(text: str) -> str:
    """A name or a value without what does not tell it from others."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.split())


def _records(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """The line and the fields of each row that is not blank; the header is the first."""
    reader, line = csv.reader(io.StringIO(text, newline=""), strict=True), 0
    try:
        for found in reader:
            before, line = line, reader.line_num
            found = [plain(field) for field in found]
            if not before and found and found[0].startswith("sep="):
                where, hint = f"{path}, line {line}", "remove the line, which Excel alone reads"
                raise fault(where, "is no header: it names a separator", "a header", hint)
            if found and found[0].startswith("#"):
                where, hint = f"{path}, line {before + 1}", "remove the line, or its #"
                raise fault(where, "begins with #", "a header and rows, no comments", hint)
            if any(found):
                yield before + 1, found
    except csv.Error as error:
        where = f"{path}, line {line + 1}"
        raise fault(
            where, f"is no CSV with one header ({error})", "whole fields in quotes"
        ) from None
