"""The canonical content of figures as PDF, as far as matplotlib writes them.

It takes no more than that, and leaves nothing of a file out but what says nothing: dates
and the program, how streams are packed and where objects begin.
So what other programs show and this reader would not know makes a file unreadable, or another one.
"""

import hashlib
import re
import zlib

from twotower.audits.compare import parts

MOST_UNPACKED = 100_000_000
"""Bytes of all streams of a PDF, which a file of a few bytes can claim to hold."""
MOST_DRAWN = 8_000_000
"""Bytes of all its drawing: ten times what the largest figure of a study has."""

_END = re.compile(rb"startxref\n(\d{1,10})\n%%EOF\n")
_TABLE = re.compile(rb"xref\n0 (\d{1,7})\n")
_ROWS = re.compile(rb"0{10} 65535 f \n((?:\d{10} 00000 n \n)*+)trailer\n(<<[^%()]*>>)\n")
_LENGTH = re.compile(rb"/Length[ \n](\d{1,10})(?:[ \n]0[ \n](R))?(?![0-9A-Za-z])")
_MADE = re.compile(rb"/(?:CreationDate|ModDate|Producer|Creator)[ \n]\([^()\\%]*\)")
_FLATE = re.compile(rb"/Filter[ \n]/FlateDecode(?=[ \n>/])")
_TOKEN = re.compile(
    r"[ \n]++"
    r"|(?P<one>\((?:[^\\()]|\\.)*+\)"
    r"|\[(?:[^\]\[()\\%]|\((?:[^\\()]|\\.)*+\))*+\]"
    r"|[^\x00-\x20\x7f-\xff\[\](){}%]++)",
    re.DOTALL,
)
_OPERAND = re.compile(r"[-+]?(?:\d++(?:\.\d*+)?+|\.\d++)", re.ASCII)
_MOVING = {"m", "l", "c", "v", "y", "re", "cm", "Td", "TD", "Tm"}
"""Operators of a PDF that move and draw (ISO 32000-1, tables 59, 57, 108)."""


def pages(content: bytes) -> dict[str, parts.Part]:
    """A PDF's objects by number, unpacked; without lengths, offsets and dates.

    One table of offsets has to name every byte of the file: no older or newer part stands beside
    it, and no byte between the objects.

    Raises:
        ContentError: if it is none, or not as matplotlib writes them.
    """
    try:
        objects, head, trailer = _objects(content)
    except (ValueError, IndexError) as error:
        raise parts.ContentError(f"it cannot be read as .pdf: {error}") from None
    about = re.findall(rb"/Info[ \n](\d{1,7})[ \n]0[ \n]R", trailer)
    lengths = {int(found[1]) for body in objects.values() if (found := _length(body)) and found[2]}
    drawn = {
        int(number)
        for body in objects.values()
        if (found := re.search(rb"/Contents[ \n](\d{1,7})[ \n]0[ \n]R", body[:10_000]))
        for number in [found[1]]
    }
    words, points, left = [head.decode("latin-1"), _plain(trailer)], [], [MOST_UNPACKED, MOST_DRAWN]
    for number, body in sorted(objects.items()):
        words.append(f"object {number}")
        described, stream, rest = body.partition(b"stream\n")
        if not stream:
            if number in lengths and body.strip().isdigit():
                continue
            text = _MADE.sub(b"", body) if [b"%d" % number] == about else body
            words.append(_plain(text))
            continue
        packed = _stream(body, described, rest, objects)
        unpacked = _unpacked(packed, left) if _FLATE.search(described) else packed
        words.append(_plain(_LENGTH.sub(b"", described)))
        if number in drawn or b"/Subtype /Form" in described:
            left[1] -= len(unpacked)
            if left[1] < 0:
                raise parts.ContentError(f"it draws with more than {MOST_DRAWN:,} bytes")
            _operators(unpacked.decode("latin-1"), words, points)
        else:  # a font, a picture
            words.append(hashlib.sha256(unpacked).hexdigest())
    return parts.drawing(words, points)


def _objects(content: bytes) -> tuple[dict[int, bytes], bytes, bytes]:
    """Each object's bytes by number; what is before them; the trailer."""
    if not content.startswith(b"%PDF-1."):
        raise ValueError("it does not begin as one")
    end = _END.fullmatch(content, max(content.rfind(b"startxref"), 0))
    if not end:
        raise ValueError("it does not end as one")
    start = int(end[1])
    table = _TABLE.match(content, start)
    if not table:
        raise ValueError("its table of objects is not where it says")
    rows = _ROWS.fullmatch(content, table.end(), end.start())
    if not rows or len(rows[1]) != 20 * (int(table[1]) - 1):
        raise ValueError("its table of objects does not have the right form")
    places = {n: int(row[:10]) for n, row in enumerate(rows[1].splitlines(), start=1)}
    numbers = sorted(places, key=places.__getitem__)
    stops = [places[number] for number in numbers[1:]] + [start]
    found = {}
    for number, stop in zip(numbers, stops, strict=True):
        whole, name = content[places[number] : stop], b"%d 0 obj\n" % number
        if not whole.startswith(name) or not whole.endswith(b"\nendobj\n"):
            raise ValueError(f"object {number} is not where its table of objects says")
        found[number] = whole[len(name) : -len(b"\nendobj\n")]
    return found, content[: places[numbers[0]]], rows[2]


def _length(body: bytes) -> re.Match | None:
    """The length that an object with a stream states."""
    described, stream, _ = body.partition(b"stream\n")
    return _LENGTH.search(described) if stream else None


def _stream(body: bytes, described: bytes, rest: bytes, objects: dict[int, bytes]) -> bytes:
    """The bytes of a stream, of which the length that is stated is theirs."""
    stated = _LENGTH.findall(described)
    packed, ending = rest[: -len(b"\nendstream")], rest[-len(b"\nendstream") :]
    if len(stated) == 1 and ending == b"\nendstream":
        size, elsewhere = stated[0]
        size = objects.get(int(size), b"") if elsewhere else size
        if size.isdigit() and len(size) <= 10 and int(size) == len(packed):
            return packed
    raise parts.ContentError("one of its streams is not as long as it says")


def _unpacked(packed: bytes, left: list[int]) -> bytes:
    unpacking = zlib.decompressobj()
    body = unpacking.decompress(packed, left[0] + 1)
    left[0] -= len(body)
    if left[0] < 0:
        raise parts.ContentError(f"its parts are larger than {MOST_UNPACKED:,} bytes")
    if not unpacking.eof or unpacking.unused_data:
        raise parts.ContentError("one of its streams is cut short, or has bytes after its end")
    return body


def _plain(objects: bytes) -> str:
    """Objects as a text; where no string can hold any, with one blank for any whitespace."""
    text = objects.decode("latin-1")
    if "%" in text:
        raise parts.ContentError("it has comments, or characters that begin a comment")
    return text if "(" in text else re.sub("[ \n]+", " ", text).strip()


def _operators(text: str, words: list[str], points: list[float]) -> None:
    """A content stream: operands of what moves and draws are points, colours and texts words."""
    waiting: list[str] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise parts.ContentError("it draws with operators that matplotlib does not write")
        at = found.end()
        token = found["one"]
        if token is None:
            continue
        if token[0] in "([/" or _OPERAND.fullmatch(token):
            waiting.append(token)
            continue
        if token in ("BI", "ID", "EI"):
            raise parts.ContentError("it holds a picture among its lines")
        if token in _MOVING and all(map(_OPERAND.fullmatch, waiting)):
            points += map(parts.number, waiting)
            waiting = [parts.MARK] * len(waiting)
        words.append(" ".join([*waiting, token]))
        waiting = []
    words.append(" ".join(waiting))
