"""Figures of the bytes that a forger makes, each shown by other programs as something else."""

import re
import struct
import zlib


def pdf(objects, head=b"%PDF-1.4\n"):
    """A PDF of objects, the first with the number 1, and a table that names them all."""
    content, places = head, []
    for number, body in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(places) + 1, rows)
    end = b"trailer\n<< /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, len(content))
    return content + table + end


def objects(content):
    """The objects of a PDF that matplotlib wrote, and what is before them."""
    start = int(re.search(rb"startxref\n(\d+)", content)[1])
    rows = content[start:].split(b"\n")
    places = [int(row[:10]) for row in rows if row.endswith(b" n ")]
    stops = sorted([*places, start])
    found = []
    for place in places:
        whole = content[place : stops[stops.index(place) + 1]]
        found.append(whole.partition(b" 0 obj\n")[2].removesuffix(b"\nendobj\n"))
    return found, content[: min(places)]


def updated(content, table=b"\nxref"):
    """A PDF with an incremental update behind it: another page in place of its own."""
    page = re.search(rb"(\d+) 0 obj\n<< /Type /Page ", content)
    number, old = int(page[1]), int(re.search(rb"startxref\n(\d+)", content)[1])
    new = b"%d 0 obj\n<< /Type /Page /Parent 2 0 R >>\nendobj" % number
    at = len(content) + len(new) + 1
    rows = b"\n%d 1\n%010d 00000 n \n" % (number, len(content))
    end = b"trailer\n<< /Size %d /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
    return content + new + table + rows + end % (number + 1, old, at)


def chunk(name, body):
    """A part of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def animated(content):
    """A PNG whose own picture is the first of two frames; the second one is shown for ever."""
    control = struct.pack(">IIIIIHHBB", 0, 1, 1, 0, 0, 1, 1, 0, 0)
    at = content.index(b"IDAT") - 4
    frame = struct.pack(">I", 1) + zlib.compress(b"\0\xff\0\0\xff")
    more = chunk(b"acTL", struct.pack(">II", 1, 0)), chunk(b"fcTL", control), chunk(b"fdAT", frame)
    return content[:at] + more[0] + content[at:-12] + more[1] + more[2] + content[-12:]


def with_chunk(content, name, body):
    """A PNG with one part more before its pixels."""
    at = content.index(b"IDAT") - 4
    return content[:at] + chunk(name, body) + content[at:]


def repacked(content, more):
    """A PNG whose packed pixels have something behind them."""
    at = content.index(b"IDAT") - 4
    size = struct.unpack(">I", content[at : at + 4])[0]
    packed = zlib.compress(zlib.decompress(content[at + 8 : at + 8 + size]) + more)
    return content[:at] + chunk(b"IDAT", packed) + content[-12:]
