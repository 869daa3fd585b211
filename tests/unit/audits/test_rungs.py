"""Files that say the same, nearly the same and something else, and the rung that each reaches."""

import json
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from safetensors.numpy import save

import figure_forgeries
from twotower.audits.compare import contents, pdf, rungs, tolerances
from twotower.audits.compare.rungs import Rung
from twotower.audits.rerun import page
from twotower.base import files, tensors
from twotower.report import style

DECLARED = tolerances.load(Path(__file__).parents[3] / tolerances.PLACE)


def rung(one, other, kind="tables"):
    return rungs.compare(one, other, kind, DECLARED).rung


def written(folder, name, content):
    folder.mkdir(exist_ok=True)
    path = folder / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content, encoding="utf-8")
    return path


def pair(folder, name, one, other):
    return written(folder / "was", name, one), written(folder / "now", name, other)


TABLE = "claim,slope,cells,result\n4a,-0.5012,5,slope -0.50 in 5 of 5 cells\n2,,12,none\n"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("", ""), Rung.BYTES),
        (("4a,-0.5012", '"4a",-5.012e-1'), Rung.CONTENT),
        (("-0.5012,", "-0.50121,"), Rung.NUMERICAL),
        (("slope -0.50", "slope -0.51"), Rung.NUMERICAL),  # one unit of the last digit
        (("slope -0.50", "slope -0.52"), Rung.DIFFERENT),
        (("-0.5012,", "-0.51,"), Rung.DIFFERENT),
        (("-0.5012,", "inf,"), Rung.DIFFERENT),
        (("-0.5012,", ","), Rung.DIFFERENT),
        (("12", "13"), Rung.DIFFERENT),  # a count has no tolerance
        (("5 of 5", "4 of 5"), Rung.DIFFERENT),
        (("none", "some"), Rung.DIFFERENT),
        (("slope,", "slopes,"), Rung.DIFFERENT),
        (("2,,12,none\n", ""), Rung.DIFFERENT),
        (("2,,12,none", "2,,12"), Rung.DIFFERENT),
    ],
)
def test_tables(tmp_path, change, expected):
    assert rung(*pair(tmp_path, "claims.csv", TABLE, TABLE.replace(*change))) == expected


def test_the_detail_says_what_lies_off_and_how_far(tmp_path):
    found = rungs.compare(
        *pair(tmp_path, "claims.csv", TABLE, TABLE.replace("-0.5012", "-0.6")), "tables", DECLARED
    )
    assert found.detail == (
        "column slope: 1 of 2 numbers, by up to 0.16 of their own "
        "(at 1: -0.6, recorded was -0.5012)"
    )


def test_the_tolerance_is_that_of_the_kind_of_result(tmp_path):
    files_ = pair(tmp_path, "x.csv", "risk\n1.0001\n", "risk\n1.0005\n")
    assert rung(*files_, "rates") == Rung.NUMERICAL
    assert rung(*files_, "data") == Rung.DIFFERENT
    assert rung(*files_, "unheard of") == Rung.DIFFERENT


def test_arrays(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {"weights": rng.normal(size=(3, 4, 5)), "steps": np.arange(3)}
    was = tmp_path / "was.safetensors"
    tensors.write(was, arrays)
    near = {**arrays, "weights": arrays["weights"] + 1e-6}
    far = {**arrays, "weights": arrays["weights"] * 1.01}
    counted = {**arrays, "steps": arrays["steps"] + np.array([0, 0, 1])}
    single = {**arrays, "weights": arrays["weights"].astype(np.float32)}
    dropped = {"weights": arrays["weights"]}
    for changed, expected in [
        (near, Rung.NUMERICAL),
        (far, Rung.DIFFERENT),
        (counted, Rung.DIFFERENT),
        (dropped, Rung.DIFFERENT),
        ({**arrays, "weights": arrays["weights"][:2]}, Rung.DIFFERENT),
    ]:
        tensors.write(tmp_path / "now.safetensors", changed)
        assert rung(was, tmp_path / "now.safetensors", "weights") == expected
    # another type of number is never the same content, even where the numbers are equal
    tensors.write(tmp_path / "now.safetensors", single)
    assert rung(was, tmp_path / "now.safetensors", "weights") == Rung.NUMERICAL
    # the same arrays in another order, and under a header that says more
    (tmp_path / "now.safetensors").write_bytes(turned(was.read_bytes()))
    assert rung(was, tmp_path / "now.safetensors", "weights") == Rung.CONTENT
    (tmp_path / "now.safetensors").write_bytes(save(arrays, metadata={"by": "another program"}))
    assert rung(was, tmp_path / "now.safetensors", "weights") == Rung.DIFFERENT
    # one flipped bit of a number, and one in the header
    content = bytearray(was.read_bytes())
    content[-3] ^= 64
    (tmp_path / "now.safetensors").write_bytes(content)
    assert rung(was, tmp_path / "now.safetensors", "weights") == Rung.DIFFERENT
    (tmp_path / "now.safetensors").write_bytes(was.read_bytes()[:-1])
    found = rungs.compare(was, tmp_path / "now.safetensors", "weights", DECLARED)
    assert found.rung == Rung.DIFFERENT
    assert found.detail == "its header holds more than arrays that fill the file"


def turned(content):
    """A safetensors file of two arrays with the last one first."""
    length = int.from_bytes(content[:8], "little")
    head, body = json.loads(content[8 : 8 + length]), content[8 + length :]
    (first, second) = sorted(head, key=lambda name: head[name]["data_offsets"])
    middle, end = head[second]["data_offsets"]
    head[second]["data_offsets"] = [0, end - middle]
    head[first]["data_offsets"] = [end - middle, end]
    text = json.dumps(head).encode()
    return len(text).to_bytes(8, "little") + text + body[middle:] + body[:middle]


def drawn(folder, slope=1.0, label="0.05", color="C0"):
    """One small figure as PDF, SVG and PNG."""
    folder.mkdir(exist_ok=True)
    with style.paper_style():
        fig = Figure(figsize=(2, 1.5))
        ax = fig.subplots()
        ax.plot([0, 1, 2], [0, slope, 1], "o-", color=color)
        ax.text(0.5, 0.2, label)
        ax.set_ylim(0, 2)
    style.save_figure(fig, folder / "figure")
    return {kind: folder / f"figure.{kind}" for kind in ("pdf", "svg", "png")}


@pytest.mark.parametrize("kind", ["pdf", "svg", "png"])
def test_figures(tmp_path, kind):
    was = drawn(tmp_path / "was")[kind]
    assert rung(was, drawn(tmp_path / "again")[kind]) == Rung.BYTES
    assert rung(was, drawn(tmp_path / "near", slope=1.0002)[kind]) == Rung.NUMERICAL
    assert rung(was, drawn(tmp_path / "moved", slope=1.2)[kind]) == Rung.DIFFERENT
    assert rung(was, drawn(tmp_path / "relabelled", label="0.06")[kind]) == Rung.DIFFERENT
    assert rung(was, drawn(tmp_path / "recoloured", color="#1f77b5")[kind]) == Rung.DIFFERENT
    cut = written(tmp_path, f"cut.{kind}", was.read_bytes()[:-200])
    assert rung(was, cut) == Rung.DIFFERENT


def test_a_figure_packed_in_another_way_has_the_same_content(tmp_path):
    was = drawn(tmp_path / "was")
    with Image.open(was["png"]) as image:
        image.save(tmp_path / "packed.png", compress_level=1, dpi=image.info["dpi"])
    assert rung(was["png"], tmp_path / "packed.png") == Rung.CONTENT
    text = was["svg"].read_text(encoding="utf-8")
    ids = re.sub(r'(id="|#)([mp][0-9a-f]{10})', r"\1other\2", text)
    about = "<dc:date>2026-01-02</dc:date><dc:creator><cc:Agent><dc:title>me</dc:title></cc:Agent>"
    stamped = ids.replace("</cc:Work>", f"{about}</dc:creator></cc:Work>")
    assert stamped != ids != text
    assert rung(was["svg"], written(tmp_path, "figure.svg", stamped)) == Rung.CONTENT
    with style.paper_style():
        from matplotlib import rcParams

        rcParams["pdf.compression"] = 1
        fig = Figure(figsize=(2, 1.5))
        ax = fig.subplots()
        ax.plot([0, 1, 2], [0, 1, 1], "o-", color="C0")
        ax.text(0.5, 0.2, "0.05")
        ax.set_ylim(0, 2)
        fig.savefig(tmp_path / "packed.pdf")  # with today's date and matplotlib's name
    assert rung(was["pdf"], tmp_path / "packed.pdf") == Rung.CONTENT


def test_texts_are_compared_by_words_and_printed_numbers(tmp_path):
    text = "| cell | slope |\n|------|-------|\n| 1 | −0.50 |\n"
    wider = "| cell | slope  |\n|------|--------|\n| 1    | −0.50  |\n"
    assert rung(*pair(tmp_path, "rates.md", text, wider)) == Rung.CONTENT
    assert rung(*pair(tmp_path, "rates.md", text, text.replace("50", "49"))) == Rung.NUMERICAL
    assert rung(*pair(tmp_path, "rates.md", text, text.replace("| 1 ", "| 2 "))) == Rung.DIFFERENT
    assert rung(*pair(tmp_path, "rates.md", text, text.encode("utf-16"))) == Rung.DIFFERENT


def test_ids_and_hashes_are_words_not_numbers():
    for word in ("v2:2347422b99", "3f9a.51", "results/risks/0123456789.csv", "beta2.50x"):
        (words, numbers) = contents._split("text", [word]).values()
        assert words.values[0] == word
        assert numbers.values.size == 0


def test_tolerances_are_refused_in_words(tmp_path):
    path = written(tmp_path, "audit.yaml", "version: 1\nnumerical: {data: -1.0}\n")
    with pytest.raises(tolerances.TolerancesError, match=r"numerical\.data"):
        tolerances.load(path)
    with pytest.raises(tolerances.TolerancesError, match="git checkout"):
        tolerances.load(tmp_path / "missing.yaml")


def test_the_rungs_of_an_untouched_file_need_no_reading(tmp_path):
    odd = pair(tmp_path, "odd.csv", b"\xff\x00", b"\xff\x00")
    assert rung(*odd) == Rung.BYTES
    assert files.sha256(odd[0]) == files.sha256(odd[1])
    assert json.dumps(Rung.BYTES.words) == '"same bytes"'


def tensor_of(kind, size):
    head = {"a": {"dtype": kind, "shape": [1], "data_offsets": [0, size]}}
    text = json.dumps(head).encode()
    return len(text).to_bytes(8, "little") + text + b"\0" * size


def claimed_png(width, height):
    """A picture of a few bytes that claims to have so many pixels."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def packed_pdf(content):
    """A page of which no more can be said than how it is packed."""
    body = b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content)
    return figure_forgeries.pdf([b"<< /Contents 2 0 R >>", body])


HOSTILE = {
    "large.png": claimed_png(9_600, 9_600),
    "bomb.png": claimed_png(100_000, 100_000),
    "broken.png": claimed_png(2, 2).replace(b"IDAT", b"IDAX"),
    "checksum.png": claimed_png(2, 2)[:-4] + b"abcd",
    "bf16.safetensors": tensor_of("BF16", 2),
    "f8.safetensors": tensor_of("F8_E4M3", 1),
    "scalar.safetensors": tensor_of("F64", 8).replace(b"[1]", b"[] "),
    "deep.svg": b'<svg xmlns="x">' + b"<g>" * 60_000 + b"</g>" * 60_000 + b"</svg>",
    "numbers.svg": b'<svg d="1..2 - . 1e999999" x="a"/>',
    "stream.pdf": packed_pdf(b"abc"),
    "bomb.pdf": packed_pdf(zlib.compress(bytes(pdf.MOST_UNPACKED + 1))),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_different_in_words_and_end_no_audit(tmp_path, name):
    hostile = written(tmp_path, name, HOSTILE[name])
    honest = written(tmp_path / "other", name, HOSTILE[name][:-1] + b" ")
    found = rungs.compare(hostile, honest, "tables", DECLARED)
    assert found.rung == Rung.DIFFERENT and found.detail and str(tmp_path) not in found.detail
    if name.endswith(".png"):
        assert page.packed(hostile) == ""
