"""The canonical content of vector figures, SVG and PDF, as far as matplotlib writes them.

The readers take no more than that, and leave nothing of a file out but what says nothing: ids of
another hash salt, dates and the program, how streams are packed and where objects begin. So what
other programs show and these readers would not know makes a file unreadable, or another one.
"""

import hashlib
import re
import zlib
from xml.parsers import expat

import numpy as np

from twotower.parts import ContentError, Kind, Part

MOST_UNPACKED = 100_000_000
"""Bytes of all streams of a PDF, which a file of a few bytes can claim to hold."""
MOST_DRAWN = 8_000_000
"""Bytes of all its drawing: ten times what the largest figure of a study has."""

_MARK = "¤"  # stands for a number
_LONGEST = 40  # characters of a number; Python takes the square of the time for a longer one
_COORDINATE = re.compile(r"[-+]?(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][-+]?\d++)?+", re.ASCII)
_GEOMETRY = {
    "d", "transform", "x", "y", "points", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry",
}  # fmt: skip
_SALTED = r"(?:C[0-9a-f]{1,8}_[0-9a-f]{1,8}_)?[a-z]{0,16}[0-9a-f]{10}"
"""Ids of matplotlib that are a hash: of a shape, and of svg.hashsalt."""
_SALTED_ID = re.compile(_SALTED)
_REFERENCE = re.compile(rf"#({_SALTED})(?![\w.:-])")
_DOCTYPE = ("svg", "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd",
            "-//W3C//DTD SVG 1.1//EN", 0)  # fmt: skip
_SVG, _RDF = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_CC, _DC = "http://creativecommons.org/ns#", "http://purl.org/dc/elements/1.1/"
_UNTOLD = {f"{_DC} date", f"{_DC} creator"}
"""Of the metadata, what tells of the day and the program."""


def shapes(content: bytes) -> dict[str, Part]:
    """An SVG's elements, texts and comments as they stand; ids of a hash by their turn.

    Raises:
        ContentError: if it is none, or has what matplotlib does not write: processing
            instructions, another document type, entities, CDATA, an id twice.
    """
    reader = _Svg()
    try:
        reader.parser.Parse(content.decode("utf-8"), True)
    except expat.ExpatError as error:
        raise ContentError(f"it cannot be read as .svg: {error}") from None
    words = [reader.renamed(word) for word in reader.words]
    return _drawing(words, reader.points)


class _Svg:
    """What a parser of XML comes upon, in order."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.points: list[float] = []
        self.names: dict[str, str] = {}  # of ids
        self._inside: list[str] = []
        self._untold = 0  # the depth from which on the day and the program are told
        self.parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.ordered_attributes = parser.buffer_text = True
        parser.buffer_size = 1 << 16
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler, parser.CommentHandler = self._text, self._comment
        parser.XmlDeclHandler, parser.StartDoctypeDeclHandler = self._declared, self._doctype
        parser.ProcessingInstructionHandler = self._refused("a processing instruction")
        parser.StartCdataSectionHandler = self._refused("CDATA")
        parser.EntityDeclHandler = self._refused("an entity")
        parser.SkippedEntityHandler = self._refused("an entity")

    def renamed(self, word: str) -> str:
        """A value with the turns of the ids that it refers to."""
        if "#" not in word:
            return word
        return _REFERENCE.sub(lambda found: f"#{self.names.get(found[1], found[1])}", word)

    def _start(self, tag: str, attributes: list[str]) -> None:
        self._inside.append(tag)
        space = tag.rpartition(" ")[0]
        if self._is_about():
            if len(self._inside) == 2 and "<metadata" in self.words:
                raise ContentError("it has metadata twice")
            if len(self._inside) > 2 and space not in (_RDF, _CC, _DC):
                raise ContentError("its metadata hold what is none")
            if tag in _UNTOLD and not self._untold:
                self._untold = len(self._inside)
            if self._untold:
                if attributes:
                    raise ContentError("its metadata hold what is none")
                return
        self.words.append("<metadata" if self._is_about() and space == _SVG else f"<{tag}")
        pairs = sorted(zip(attributes[::2], attributes[1::2], strict=True))
        for key, value in pairs:
            if key == "id":
                value = self._named(value)
            elif key in _GEOMETRY:
                self.points += map(_number, _COORDINATE.findall(value))
                value = _COORDINATE.sub(_MARK, value)
            self.words.append(f"{key}={value}")

    def _named(self, name: str) -> str:
        if name in self.names:
            raise ContentError(f"it has the id {name[:40]!r} twice")
        salted = _SALTED_ID.fullmatch(name)
        self.names[name] = f"#{len(self.names)}" if salted else name
        return self.names[name]

    def _end(self, tag: str) -> None:
        if not self._untold:
            self.words.append(">")
        elif self._untold == len(self._inside):
            self._untold = 0
        self._inside.pop()

    def _text(self, text: str) -> None:
        # what matplotlib puts between the metadata's elements depends on how many there are
        if not self._untold and (text.strip() or not self._is_about()):
            self.words.append(f"text {text}")

    def _comment(self, text: str) -> None:
        self.words.append(f"comment {text}")

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        self.words.append(f"xml {version} {(encoding or '').lower()} {standalone}")

    def _doctype(self, *declared: object) -> None:
        if declared != _DOCTYPE:
            raise ContentError("its document type is not the one of SVG 1.1")
        self.words.append("doctype")

    def _is_about(self) -> bool:
        """Whether the place is in what tells of the file."""
        return len(self._inside) > 1 and self._inside[1] == f"{_SVG} metadata"

    @staticmethod
    def _refused(what: str):
        def refuse(*_: object) -> None:
            raise ContentError(f"it holds {what}")

        return refuse


_END = re.compile(rb"startxref\n(\d{1,10})\n%%EOF\n")
_TABLE = re.compile(rb"xref\n0 (\d{1,7})\n")
_TRAILER = re.compile(rb"trailer\n(<<[^%()]*>>)\n")
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


def pages(content: bytes) -> dict[str, Part]:
    """A PDF's objects by number, unpacked; without lengths, offsets and dates.

    One table of offsets has to name every byte of the file: no older or newer part stands beside
    it, and no byte between the objects.

    Raises:
        ContentError: if it is none, or not as matplotlib writes them.
    """
    try:
        objects, head, trailer = _objects(content)
    except (ValueError, IndexError) as error:
        raise ContentError(f"it cannot be read as .pdf: {error}") from None
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
                raise ContentError(f"it draws with more than {MOST_DRAWN:,} bytes")
            _operators(unpacked.decode("latin-1"), words, points)
        else:  # a font, a picture
            words.append(hashlib.sha256(unpacked).hexdigest())
    return _drawing(words, points)


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
        raise ValueError("there is no table of its objects where it says")
    count, at = int(table[1]), table.end()
    rows, after = content[at : at + 20 * count], at + 20 * count
    trailer = _TRAILER.fullmatch(content, after, end.start())
    if len(rows) != 20 * count or not trailer or rows[:20] != b"0000000000 65535 f \n":
        raise ValueError("the table of its objects is not of the right form")
    places = {}
    for number in range(1, count):
        row = rows[20 * number : 20 * number + 20]
        if not row[:10].isdigit() or row[10:] != b" 00000 n \n":
            raise ValueError("the table of its objects is not of the right form")
        places[number] = int(row[:10])
    numbers = sorted(places, key=places.__getitem__)
    stops = [places[number] for number in numbers[1:]] + [start]
    found = {}
    for number, stop in zip(numbers, stops, strict=True):
        whole, name = content[places[number] : stop], b"%d 0 obj\n" % number
        if not whole.startswith(name) or not whole.endswith(b"\nendobj\n"):
            raise ValueError(f"object {number} is not where the table of its objects says")
        found[number] = whole[len(name) : -len(b"\nendobj\n")]
    return found, content[: places[numbers[0]]], trailer[1]


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
    raise ContentError("a part of it is not as long as it says")


def _unpacked(packed: bytes, left: list[int]) -> bytes:
    unpacking = zlib.decompressobj()
    body = unpacking.decompress(packed, left[0] + 1)
    left[0] -= len(body)
    if left[0] < 0:
        raise ContentError(f"its parts are larger than {MOST_UNPACKED:,} bytes")
    if not unpacking.eof or unpacking.unused_data:
        raise ContentError("a part of it is cut short, or has something behind its end")
    return body


def _plain(objects: bytes) -> str:
    """Objects as a text; where no string can hold any, with one blank for any whitespace."""
    text = objects.decode("latin-1")
    if "%" in text:
        raise ContentError("it has remarks, or signs that begin them")
    return text if "(" in text else re.sub("[ \n]+", " ", text).strip()


def _operators(text: str, words: list[str], points: list[float]) -> None:
    """A content stream: operands of what moves and draws are points, colours and texts words."""
    waiting: list[str] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise ContentError("it draws with what matplotlib does not write")
        at = found.end()
        token = found["one"]
        if token is None:
            continue
        if token[0] in "([/" or _OPERAND.fullmatch(token):
            waiting.append(token)
            continue
        if token in ("BI", "ID", "EI"):
            raise ContentError("it holds a picture among its lines")
        if token in _MOVING and all(map(_OPERAND.fullmatch, waiting)):
            points += map(_number, waiting)
            waiting = [_MARK] * len(waiting)
        words.append(" ".join([*waiting, token]))
        waiting = []
    words.append(" ".join(waiting))


def _number(text: str) -> float:
    if len(text) > _LONGEST:
        raise ContentError(f"it has a number of {len(text):,} digits")
    return float(text)


def _drawing(words: list[str], points: list[float]) -> dict[str, Part]:
    return {
        "shapes": Part(Kind.WORDS, np.array(words, dtype=object)),
        "coordinates": Part(Kind.POINTS, np.array(points, dtype=float)),
    }
