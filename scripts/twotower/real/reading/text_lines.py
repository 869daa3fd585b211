"""Lines and fields of text files that people bring, with the line of any fault.

Text is UTF-8, with or without a byte order mark; the older layouts may be in Latin-1, too.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from twotower.base import files
from twotower.real.reading.faults import RatingsFileError, fault, shown

_OPEN_QUOTE = ("a quote that does not end with its field", "quotes around whole fields")
_NAMES = {"\t": "tabs", "::": "'::'", "|": "'|'", ",": "commas"}
_UNKNOWN = {"genres": "(no genres listed)"}
_BEFORE = 20  # characters of a line that are shown before one at fault


def check_whole(path: Path) -> None:
    """Raise RatingsFileError for a file that cannot be read, is empty, has two or four bytes for a
    letter, or stops in the middle of a line.
    """
    try:
        with open(path, "rb") as file:
            if not (begin := file.read(4)):
                raise fault(
                    path, None, "the file is empty", "a line for each entry", "fetch it anew"
                )
            file.seek(-1, 2)
            end = file.read(1)
    except OSError as error:
        found = f"it cannot be read ({error.strerror})"
        raise fault(path, None, found, "a file of your own", "mind who may read it") from None
    if wide := files.wide_encoding(begin):
        raise fault(path, 1, f"the file is in {wide}", "text in UTF-8", _saved(path, wide))
    if end == b"\r":
        found = "lines end with a carriage return alone"
        remedy = "save the file with the line ends of Unix or of Windows"
        raise fault(path, None, found, "a line feed at each line's end", remedy)
    if end != b"\n":
        found = "the file ends in the middle of a line"
        remedy = "it may have been cut short: fetch it anew, or end its last line if it is whole"
        raise fault(path, None, found, "an end of line at its end", remedy)


def fields(
    path: Path, separator: str, names: Sequence[str], encoding: str, header: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """The number and the fields of each line that is not blank, after a header if there is one.

    Args:
        separator: between fields; a comma stands for CSV with quotes.
        names: of the fields; the header must be just these.
        encoding: "utf-8", or "latin-1" for a file that may be in either.

    Raises:
        RatingsFileError: for a header or a number of fields that is not as `names` says, for a
            byte that does not fit the encoding, and for a cut or empty file.
    """
    check_whole(path)
    if encoding == "utf-8" or _is_utf8(path):
        encoding = "utf-8-sig"
    with open(path, encoding=encoding, newline="") as file:
        lines = csv.reader(file, strict=True) if separator == "," else _split(file, separator)
        line = 0
        try:
            for number, found in enumerate(lines, start=1):
                before, line = line, lines.line_num if separator == "," else number
                if header and number == 1:
                    if found != list(names):
                        raise _other_header(path, separator, names, found)
                elif found and found != [""]:
                    if any("\n" in text for text in found):
                        raise fault(path, before + 1, *_OPEN_QUOTE)
                    if len(found) != len(names):
                        text = f"{len(found)} fields in {shown(separator.join(found))}"
                        kind = f"{len(names)} separated by {_NAMES[separator]}"
                        listed = ", ".join([*names[:5], *["…"] * (len(names) > 5)])
                        raise fault(path, line, text, f"{kind}: {listed}")
                    yield line, found
        except csv.Error:
            raise fault(path, line + 1, *_OPEN_QUOTE) from None
        except UnicodeDecodeError:
            raise not_utf8(path) from None


def header(path: Path) -> list[str]:
    """The names in the first line of a CSV, with or without quotes; other bytes than UTF-8 are
    shown as such.

    Raises:
        RatingsFileError: for a quote that is left open, and for a cut or empty file.
    """
    check_whole(path)
    with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            names = next(csv.reader(file, strict=True), [])
        except csv.Error:
            names = ["\n"]
    if any("\n" in name for name in names):
        raise fault(path, 1, *_OPEN_QUOTE)
    return names


def _split(file: io.TextIOBase, separator: str) -> Iterator[list[str]]:
    for line in file:
        yield line.rstrip("\r\n").split(separator)


def _other_header(path: Path, separator: str, names: Sequence[str], found: list[str]):
    listed = separator.join(names)
    remedy = "give the columns these names, in this order, and leave out all others"
    if any(text[:1].isdigit() for text in found):
        remedy = f"write {listed} above the first line"
    elif len(found) == 1 and (";" in found[0] or "\t" in found[0]):
        remedy = "save the file with commas between the columns"
    elif found == list(names)[:-1]:
        unknown = _UNKNOWN.get(names[-1], "0")
        remedy = f"add {names[-1]}; where nothing is known, {unknown} in each line"
    return fault(path, 1, f"the header is {shown(separator.join(found))}", listed, remedy)


def not_utf8(path: Path) -> RatingsFileError:
    """The error for the first line of a file that is not UTF-8."""
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                text = shown(line[max(0, error.start - _BEFORE) :].decode("latin-1").strip())
                found = f"byte 0x{line[error.start]:02x} is not UTF-8; as Latin-1 it reads {text}"
                return fault(path, number, found, "text in UTF-8", _saved(path, "LATIN1"))
    return fault(path, None, "it changed while it was read", "a file that stays as it is")


def _saved(path: Path, encoding: str) -> str:
    """What to do with a file in another encoding."""
    return f"save it as UTF-8, as `iconv -f {encoding} -t UTF-8 {path.name} > new` does"


def _is_utf8(path: Path) -> bool:
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    return True


def numbered(path: Path, line: int, name: str, text: str, low: int, high: int) -> int:
    """A whole number from low to high in a field, or RatingsFileError."""
    try:
        number = int(text) if text.isascii() and "_" not in text else low - 1  # as 1_000 is
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise fault(path, line, f"{name} is {shown(text)}", f"a whole number, {low} to {high:,}")
    return number
