"""The canonical content of pictures: the pixels of a PNG that shows nothing but these."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from twotower.audits.compare.parts import ContentError, Kind, Part

MOST_PIXELS = 50_000_000
"""Of a picture; one with more, which a file of a few bytes can claim to hold, is not unpacked."""
MOST_BYTES = 200_000_000
"""Of a picture's file."""

_BEGINS = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {2: 3, 6: 4}  # by type of colour, of those that matplotlib and PIL write of figures
_MADE = (b"Software\0", b"Creation Time\0", b"Date\0")
"""Keywords of texts that tell of the program and the day."""


def pixels(path: Path) -> dict[str, Part]:
    """The pixels of a PNG, its type and its size in print.

    Raises:
        ContentError: if it is none, or holds anything else, such as further frames, colours to be
            put in place of others, or bytes that no program looks at.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise ContentError(f"its {size:,} bytes are too many for a picture")
    words = _chunks(path.read_bytes())
    with picture(path) as image:
        return {
            "form": Part(Kind.WORDS, np.array(words, dtype=object)),
            "pixels": Part(Kind.PIXELS, np.asarray(image.convert("RGBA"))),
        }


def _chunks(content: bytes) -> list[str]:
    """Whether every byte of a PNG is accounted for; what its header and its size in print say."""
    if not content.startswith(_BEGINS):
        raise ContentError("it does not begin as a PNG")
    at, names, words, packed = len(_BEGINS), [], [], []
    while at < len(content) and names[-1:] != [b"IEND"]:
        if len(content) < at + 12:
            raise ContentError("it is cut short")
        size, name = struct.unpack(">I4s", content[at : at + 8])
        body, checksum = content[at + 8 : at + 8 + size], content[at + 8 + size : at + 12 + size]
        if checksum != struct.pack(">I", zlib.crc32(name + body)):
            raise ContentError("it is cut short, or a checksum is wrong")
        at += 12 + size
        again = name in names and not (name == names[-1] == b"IDAT")
        if name == b"IDAT":
            packed.append(body)
        elif name in (b"IHDR", b"pHYs"):
            words.append(f"{name.decode()} {body.hex()}")
        elif not (name == b"IEND" and not body) and not (name == b"tEXt" and _is_made(body)):
            raise ContentError(f"it holds {name.decode('latin-1')!r}, which no figure does")
        if again and name != b"tEXt":
            raise ContentError(f"it holds {name.decode('latin-1')!r} twice")
        names.append(name)
    if names[:1] != [b"IHDR"] or names[-1] != b"IEND" or at != len(content):
        raise ContentError("it has no end, or bytes after its end")
    _check_packed(words[0], b"".join(packed))
    return words


def _is_made(body: bytes) -> bool:
    return body.startswith(_MADE) and len(body) < 1_000


def _check_packed(head: str, packed: bytes) -> None:
    """Whether what is packed is the picture, and no more."""
    fields = bytes.fromhex(head.partition(" ")[2])
    if len(fields) != 13:
        raise ContentError("its header is not of the right length")
    width, height, depth, colours, packing, filters, interlaced = struct.unpack(">IIBBBBB", fields)
    if width * height > MOST_PIXELS:
        raise ContentError(f"its {width}×{height} pixels are too many to unpack")
    if (depth, packing, filters, interlaced) != (8, 0, 0, 0) or colours not in _CHANNELS:
        raise ContentError("its pixels are of a type that no figure has")
    size = height * (1 + width * _CHANNELS[colours])
    unpacking = zlib.decompressobj()
    found = len(unpacking.decompress(packed, size + 1))
    if found != size or not unpacking.eof or unpacking.unused_data:
        raise ContentError("its packed data are not exactly its pixels")


@contextmanager
def picture(path: Path) -> Iterator[Image.Image]:
    """A picture that is of a size to be unpacked.

    Raises:
        ContentError: if it is larger.
    """
    if path.stat().st_size > MOST_BYTES:
        raise ContentError("its file is too large for a picture")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # refused just below
        image = Image.open(path)
    with image:
        if image.width * image.height > MOST_PIXELS:
            raise ContentError(f"its {image.width}×{image.height} pixels are too many to unpack")
        yield image
