"""Figures, tables and texts that show other people something else than the honest ones say."""

import re
import time
import zlib

import numpy as np
import pytest
from matplotlib.figure import Figure
from safetensors.numpy import save

import figure_forgeries as forged
from twotower.audits.compare import rungs, tolerances
from twotower.audits.compare.rungs import Rung
from twotower.base.places import PROJECT
from twotower.report import style

DECLARED = tolerances.load(PROJECT / tolerances.PLACE)


def compared(folder, name, honest, other):
    was, now = folder / f"was-{name}", folder / f"now-{name}"
    for path, content in ((was, other), (now, honest)):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return rungs.compare(was, now, "tables", DECLARED)


@pytest.fixture(scope="module")
def figure(tmp_path_factory):
    """One figure by its kinds; its label has two glyphs that are defined beside each other."""
    folder = tmp_path_factory.mktemp("figure")
    with style.paper_style():
        fig = Figure(figsize=(2, 1.5))
        ax = fig.subplots()
        ax.plot([0, 1, 2], [0, 1, 1], "o-")
        ax.text(0.5, 0.2, "abc")
        ax.set_ylim(0, 2)
    style.save_figure(fig, folder / "x")
    return {kind: (folder / f"x.{kind}").read_bytes() for kind in ("pdf", "svg", "png")}


def in_svg(old, new, count=1):
    def change(content):
        text = content.decode()
        assert old in text
        return text.replace(old, new, count)

    return change


def shifted(content):
    """Glyphs whose ids have each gone to the next one."""
    text = content.decode()
    block = re.search(r"<!-- abc -->.*?</defs>", text, re.DOTALL)[0]
    names = re.findall(r'id="(DejaVuSans-[0-9a-f]+)"', block)
    assert len(names) >= 3
    turns = iter([*names[1:], names[0]])
    return text.replace(block, re.sub(r'id="DejaVu[^"]*"', lambda _: f'id="{next(turns)}"', block))


def hashes_exchanged(content):
    """Marks and clipping paths whose ids are exchanged, and what refers to them is not."""
    text = content.decode()
    names = re.findall(r'id="([mp][0-9a-f]{10})"', text)
    one, other = names[0], names[1]
    swap = {f'id="{one}"': f'id="{other}"', f'id="{other}"': f'id="{one}"'}
    return re.sub("|".join(swap), lambda found: swap[found[0]], text)


SHEET = '<?xml-stylesheet type="text/css" href="data:text/css,#axes_1{display:none}"?>'
SVG = {
    "stylesheet": in_svg("?>", f"?>{SHEET}"),
    "instruction": in_svg("<defs>", "<?other this?><defs>"),
    "entity": in_svg('svg11.dtd">', 'svg11.dtd" [<!ENTITY a "b">]>'),
    "attributes by default": in_svg('svg11.dtd">', 'svg11.dtd" [<!ATTLIST g opacity CDATA "0">]>'),
    "other doctype": in_svg("DTD SVG 1.1", "DTD SVG 1.0"),
    "tail": in_svg("</defs>", "</defs>FORGED"),
    "text": in_svg("</metadata>", "</metadata><text>FORGED</text>"),
    "cdata": in_svg("</style>", "<![CDATA[*{opacity:0}]]></style>"),
    "style in metadata": in_svg("<metadata>", "<metadata><style>*{opacity:0}</style>"),
    "style in the day": in_svg(
        "</cc:Work>", "<dc:date><style>*{opacity:0}</style></dc:date></cc:Work>"
    ),
    "handler in the day": in_svg("</cc:Work>", '<dc:date onload="x()"/></cc:Work>'),
    "second metadata": in_svg("</metadata>", "</metadata><metadata/>"),
    "id twice": in_svg('id="text_1"', 'id="figure_1"'),
    "other id": in_svg('id="text_1"', 'id="text_0"'),
    "remark": in_svg("<!-- abc -->", "<!-- abd -->"),
    "shifted glyphs": shifted,
    "exchanged hashes": hashes_exchanged,
    "behind the end": lambda content: content + b"<!-- more -->",
    "nested": in_svg('<g id="figure_1">', '<g id="figure_1"/><g>'),
}
PDF = {
    "update": forged.updated,
    "update that hides its table": lambda content: forged.updated(content, b" xref"),
    "behind the end": lambda content: content + b"% more\n",
    "remark between objects": lambda content: content.replace(b"endobj\n", b"endobj\n%x\n", 1),
    "offset": lambda content: re.sub(rb"00000000\d\d 00000 n", b"0000000099 00000 n", content),
}
PNG = {
    "animated": forged.animated,
    "behind the end": lambda content: content + b"more",
    "behind the pixels": lambda content: forged.repacked(content, b"more"),
    "colour space": lambda content: forged.with_chunk(content, b"gAMA", b"\0\0\0\1"),
    "transparent": lambda content: forged.with_chunk(content, b"tRNS", bytes(6)),
    "a text": lambda content: forged.with_chunk(content, b"tEXt", b"Title\0FORGED"),
    "size in print": lambda content: forged.with_chunk(content, b"pHYs", bytes(9)),
}


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind, each in (("svg", SVG), ("pdf", PDF), ("png", PNG)) for name in each],
)
def test_a_forged_figure_is_different(tmp_path, figure, kind, name):
    change = {"svg": SVG, "pdf": PDF, "png": PNG}[kind][name]
    found = compared(tmp_path, f"x.{kind}", figure[kind], change(figure[kind]))
    assert found.rung == Rung.DIFFERENT and found.detail, found


def test_what_the_forgeries_are_made_of_is_the_same_content(tmp_path, figure):
    """So that they differ by what is forged alone."""
    parts, head = forged.objects(figure["pdf"])
    again = forged.pdf(parts, head)
    trailer = re.search(rb"trailer\n.*?>>", figure["pdf"], re.DOTALL)[0]
    again = re.sub(rb"trailer\n.*?>>", lambda _: trailer, again, flags=re.DOTALL)
    assert again != figure["pdf"]  # in the order of the numbers
    assert compared(tmp_path, "x.pdf", figure["pdf"], again).rung == Rung.CONTENT
    dated = [body.replace(b"<< >>", b"<< /CreationDate (D:2026) >>") for body in parts[-1:]]
    again = forged.pdf([*parts[:-1], *dated], head)
    again = re.sub(rb"trailer\n.*?>>", lambda _: trailer, again, flags=re.DOTALL)
    assert compared(tmp_path, "x.pdf", figure["pdf"], again).rung == Rung.CONTENT
    made = forged.with_chunk(figure["png"], b"tEXt", b"Software\0another one")
    assert compared(tmp_path, "x.png", figure["png"], made).rung == Rung.CONTENT


@pytest.mark.parametrize(
    ("name", "honest", "other", "expected"),
    [
        ("x.csv", "n,a\n1024,x\n", "n,a\n1024.0,x\n", Rung.CONTENT),
        ("x.csv", "n,a\n1024,x\n", "n,a\n1024.2,x\n", Rung.DIFFERENT),
        ("x.csv", "n,a\n1024,x\n", "n,a\n1025.0,x\n", Rung.DIFFERENT),
        ("x.csv", "n,a\n102400,x\n,y\n", "n,a\n102401.0,x\n,y\n", Rung.DIFFERENT),
        ("x.csv", "n,a\n1.5,\n", "n,a\n1.5,nan\n", Rung.DIFFERENT),
        ("x.csv", "n\ninf\n1.5\n", "n\n1e999\n1.5\n", Rung.DIFFERENT),
        ("x.csv", "n\n1.5\n", "n\n 1.5\n", Rung.DIFFERENT),
        ("x.csv", "n\n1000\n", "n\n1_000\n", Rung.DIFFERENT),
        ("x.csv", "n\n9007199254740993\n", "n\n9007199254740992\n", Rung.DIFFERENT),
        ("x.csv", "n,n\n1,2\n", "n,n\n3,2\n", Rung.DIFFERENT),
        ("x.csv", "n,a\n1,x\n", "n,a\n1,x\0\n", Rung.DIFFERENT),
        ("x.md", "a\n\n    b\n", "a\n\nb\n", Rung.DIFFERENT),
        ("x.md", "a\n--- b", "a\n----- b", Rung.DIFFERENT),
        ("x.tex", "a % b\nc\n", "a % b c\n", Rung.DIFFERENT),
        ("x.txt", "a\nb", "a\vb", Rung.DIFFERENT),
        ("x.txt", "a 0.50", "a 0.500", Rung.NUMERICAL),
        ("x.txt", "a 12345678901234567890.50", "a 12345678901234567891.50", Rung.DIFFERENT),
        ("x.json", '{"a": 1}', '{"a": 1, "a": 1}', Rung.DIFFERENT),
        ("x.safetensors", save({"a": np.zeros(2)}), save({"a": np.zeros(2)}, {"b": "c"}),
         Rung.DIFFERENT),
        ("x.safetensors", save({"a": np.zeros(2)}), save({"a": np.zeros(2)}) + b"more",
         Rung.DIFFERENT),
    ],
)  # fmt: skip
def test_nothing_is_left_out(tmp_path, name, honest, other, expected):
    assert compared(tmp_path, name, honest, other).rung == expected
    assert compared(tmp_path, name, other, honest).rung == expected


def stream(content, about=b"/Filter /FlateDecode"):
    packed = zlib.compress(content)
    body = b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(packed), about, packed)
    return forged.pdf([b"<< /Contents 2 0 R >>", body])


SLOW = {
    "digits.pdf": forged.pdf([b"[ ]"], b"%PDF-1.4\n% " + b"1" * 1_500_000 + b"\n"),
    "streams.pdf": forged.pdf([b"[ ]"], b"%PDF-1.4\n" + b"stream\n" * 300_000),
    "parts.pdf": forged.pdf([b"[ ]"] * 40_000),
    "brackets.pdf": stream(b"[" * 1_000_000),
    "parentheses.pdf": stream(b"[(" * 500_000),
    "strings.pdf": stream(b"[" + b"(a)" * 300_000),
    "operands.pdf": stream(b"1 " * 1_000_000),
    "number.pdf": stream(b"1" * 1_500_000 + b" 0 m"),
    "drawn.pdf": stream(b"0 0 l " * 1_300_000),
    "unpacked.pdf": stream(b"0 0 l " * 16_000_000),
    "number.svg": '<svg d="' + "1" * 1_500_000 + '"/>',
    "numbers.svg": '<svg d="' + "1 " * 1_000_000 + '"/>',
    "deep.svg": "<svg>" + "<g>" * 250_000 + "</g>" * 250_000 + "</svg>",
    "told.svg": '<svg xmlns="http://www.w3.org/2000/svg" xmlns:d="http://purl.org/dc/elements/1.1/">'
    "<metadata>" + "<d:b>" * 150_000 + "x" + "</d:b>" * 150_000 + "</metadata></svg>",
    "ids.svg": "<svg>" + "".join(f'<g id="m{each:010x}"/>' for each in range(90_000)) + "</svg>",
    "references.svg": '<svg a="' + "#a" * 900_000 + '"/>',
    "digits.txt": "1" * 1_900_000 + "x",
    "fractions.txt": "1." * 900_000,
    "exponents.txt": "1.5e5" * 400_000 + "_",
    "signs.txt": "-1" * 900_000,
    "lines.md": "|-- " * 400_000 + "-" * 400_000,
    "columns.csv": "1," * 900_000 + "1\n",
    "digits.csv": "n\n" + "1" * 130_000 + "\n",
    "words.csv": "n\n" + "".join(f"{'a' * 100_000}\n" if i < 9 else "a\n" for i in range(400_000)),
}  # fmt: skip


@pytest.mark.parametrize("name", SLOW)
def test_no_file_holds_an_audit_up(tmp_path, name):
    began = time.process_time()
    content = SLOW[name] if isinstance(SLOW[name], bytes) else SLOW[name].encode()
    compared(tmp_path, name, content, content + b"\n")
    assert time.process_time() - began < 30  # minutes, where a reader looks back at every step


def test_ledgers_cells_are_compared_in_time():
    began = time.process_time()
    for cell in ("1" * 1_000_000 + "x", "1.5e5" * 200_000 + "_", "−" * 1_000_000):
        assert not rungs.near_text(cell, cell + "y")
    assert time.process_time() - began < 30  # minutes, where a reader looks back at every step


def test_a_much_larger_file_is_not_read(tmp_path):
    was, now = tmp_path / "was.csv", tmp_path / "now.csv"
    now.write_text("a\n1\n")
    with open(was, "wb") as file:
        file.truncate(400_000_000_000)
    found = rungs.compare(was, now, "tables", DECLARED)
    told = "400,000,000,000 bytes, the rerun made 4: too many more to be read"
    assert (found.rung, found.detail) == (Rung.DIFFERENT, told)
