"""What an audit found, as one HTML page that needs no network, and as JSON beside the page."""

import base64
import io
import json
from collections import Counter
from pathlib import Path

from twotower.audits.compare import contents, png
from twotower.audits.compare.parts import ContentError
from twotower.audits.rerun import report, sample
from twotower.audits.rerun.findings import PLACE, Audit
from twotower.audits.rerun.verdicts import GRAVITY, MEANINGS
from twotower.base import words
from twotower.base.files import atomic_write

PAGE, DATA = "audit.html", "audit.json"
_TEMPLATE = Path(__file__).with_name("page.html.j2")
_WIDTH = 900  # pixels of a figure on the page
_TONES = dict(zip(map(str, GRAVITY), ("good", "good", "fair", "bad", "bad", "bad"), strict=True))
_RUNGS = {"same bytes": "good", "same content": "good", "different": "bad", "not rerun": "bad"}
_MOST_FILES = 200
_SIGNATURES = {
    "none": "not signed",
    "valid": "signed by one of the allowed signers",
    "unvouched": "signed; whose key it is was not checked",
    "bad": "its signature is not good",
}


def write(found: Audit, folder: Path) -> Path:
    """Write audit.html and audit.json to a folder; returns the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    data = report.content(found)
    texts = {
        DATA: json.dumps(data, indent=1, ensure_ascii=False) + "\n",
        PAGE: page(found, data),
    }
    for name, text in texts.items():
        # of names that are not UTF-8, what they have else stands as an escape, in JSON a valid one
        with atomic_write(folder / name) as temporary:
            temporary.write_bytes(text.encode("utf-8", "backslashreplace"))
    return folder / PAGE


def page(found: Audit, data: dict) -> str:
    """The whole page.

    Args:
        data: `report.content` of the audit.
    """
    pictures = _pictures(found)
    there = {each["anchor"] for each in pictures}  # of a study that was run in part some may lack
    anchors = {claim.figure: _anchor(claim.figure) for claim in found.claims if claim.figure}
    seconds = ", ".join(f"{stage} {value:g} s" for stage, value in data["seconds"].items())
    return words.rendered(
        _TEMPLATE,
        data=data,
        study=data["study"]["name"] or data["study"]["file"],
        extent=report.extent(found).strip(),
        seal=report.seal(found),
        tiles=_tiles(found, data),
        misses=sample.told(data["rerun"]["population"], len(data["rerun"]["drawn"])),
        tampered=[*found.tampered.items()],
        most=_MOST_FILES,
        pictures=pictures,
        anchors={figure: anchor for figure, anchor in anchors.items() if anchor in there},
        rungs=", ".join(f"{count} {rung}" for rung, count in report.rungs(found).items()),
        rung_tones=_RUNGS,
        tones=_TONES,
        meanings=[(str(verdict), MEANINGS[verdict]) for verdict in GRAVITY],
        seconds=seconds,
    )


def _tiles(found: Audit, data: dict) -> list[tuple[str, str]]:
    """The four facts at the top: each in large letters, and the words below."""
    counts = Counter(str(claim.verdict) for claim in found.claims)
    told = ", ".join(f"{counts[v]} {v.lower()}" for v in map(str, GRAVITY) if counts[v])
    rerun, code, seal = data["rerun"], data["code"], data["seal"]
    which = "from nothing" if rerun["everything"] else "each from its recorded inputs"
    changes = "with its uncommitted changes" if code["uncommitted_changes"] else "clean"
    return [
        (f"{len(found.claims)} claims", f"{told or 'none could be read'}{report.extent(found)}"),
        (f"{rerun['rerun']} of {rerun['jobs']} jobs", f"made again, {which}"),
        ("sealed" if seal["sealed"] else "not sealed", _SIGNATURES[seal["signature"]]),
        (str(code["commit"])[:12], f"commit, {changes}"),
    ]


def _pictures(found: Audit) -> list[dict[str, str]]:
    """The pictures among the results, each followed by the one made again where they differ.

    Each has the name of its place on the page ("" for one made again), a caption, and its data.
    """
    folder, again = found.asked.folder, found.asked.folder / PLACE / "rerun"
    pictures = []
    for outcome, path in (
        (outcome, path)
        for name, outcome in found.outcomes.items()
        for path in found.graph.jobs[name].outputs
        if path.endswith(".png") and (folder / path).is_file()
    ):
        told = outcome.files[path].rung.words if path in outcome.files else "not rerun"
        shown = [(_anchor(path), f"{path}: {told}", folder / path)]
        if (made := again / Path(path).name).is_file():
            shown.append(("", f"the same figure, made again: {told}", made))
        pictures += [
            {"anchor": anchor, "caption": caption, "data": packed(place)}
            for anchor, caption, place in shown
        ]
    return pictures


def _anchor(path: str) -> str:
    return f"figure-{Path(path).stem}"


def packed(place: Path) -> str:
    """A picture in few colours, as PNG in base 64; "" for a file that is not a picture."""
    try:
        with png.picture(place) as image:
            image.load()
            small = image.convert("RGB")
    except (ContentError, *contents.UNREADABLE):
        return ""
    small.thumbnail((_WIDTH, 4 * _WIDTH))
    held = io.BytesIO()
    small.quantize(64).save(held, format="PNG", optimize=True)
    return base64.b64encode(held.getvalue()).decode("ascii")
