"""The canonical content of figures as SVG, as far as matplotlib writes them.

It takes no more than that, and leaves nothing of a file out but what says nothing: ids of
another hash salt, dates and the program.
So what other programs show and this reader would not know makes a file unreadable, or another one.
"""

import re
from xml.parsers import expat

from twotower.audits.compare import parts

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
"""The parts of the metadata that name the day and the program."""


def shapes(content: bytes) -> dict[str, parts.Part]:
    """An SVG's elements, texts and comments as they stand; ids of a hash by their turn.

    Raises:
        ContentError: if it is none, or has what matplotlib does not write: processing
            instructions, another document type, entities, CDATA, an id twice.
    """
    reader = _Svg()
    try:
        reader.parser.Parse(content.decode("utf-8"), True)
    except expat.ExpatError as error:
        raise parts.ContentError(f"it cannot be read as .svg: {error}") from None
    words = [reader.renamed(word) for word in reader.words]
    return parts.drawing(words, reader.points)


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
                raise parts.ContentError("it has metadata twice")
            if len(self._inside) > 2 and space not in (_RDF, _CC, _DC):
                raise parts.ContentError("its metadata hold something that is not metadata")
            if tag in _UNTOLD and not self._untold:
                self._untold = len(self._inside)
            if self._untold:
                if attributes:
                    raise parts.ContentError("its metadata hold something that is not metadata")
                return
        self.words.append("<metadata" if self._is_about() and space == _SVG else f"<{tag}")
        pairs = sorted(zip(attributes[::2], attributes[1::2], strict=True))
        for key, value in pairs:
            if key == "id":
                value = self._named(value)
            elif key in _GEOMETRY:
                self.points += map(parts.number, _COORDINATE.findall(value))
                value = _COORDINATE.sub(parts.MARK, value)
            self.words.append(f"{key}={value}")

    def _named(self, name: str) -> str:
        if name in self.names:
            raise parts.ContentError(f"it has the id {name[:40]!r} twice")
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
            raise parts.ContentError("its document type is not the one of SVG 1.1")
        self.words.append("doctype")

    def _is_about(self) -> bool:
        """Whether the place is inside the metadata."""
        return len(self._inside) > 1 and self._inside[1] == f"{_SVG} metadata"

    @staticmethod
    def _refused(what: str):
        def refuse(*_: object) -> None:
            raise parts.ContentError(f"it holds {what}")

        return refuse
