"""What an audit found, as one page that needs no network; beside it the same as JSON."""

import base64
import html
import io
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from twotower.audits.compare import contents, png
from twotower.audits.compare.parts import ContentError
from twotower.audits.rerun import report
from twotower.audits.rerun import sample as audit_sample
from twotower.audits.rerun.found import PLACE, Audit
from twotower.audits.rerun.verdicts import GRAVITY, MEANINGS, ClaimVerdict
from twotower.base.files import atomic_write

PAGE, DATA = "audit.html", "audit.json"
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

_STYLE = """
:root { --ink: #1d2330; --soft: #5b6475; --line: #dfe3ea; --page: #f6f7f9; --card: #ffffff;
  --good: #0b7a55; --fair: #9a6700; --bad: #b42318; --goodbg: #e3f4ec; --fairbg: #fdf3d7;
  --badbg: #fde8e6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #9aa4b5; --line: #323947;
  --page: #14171d; --card: #1c2129; --good: #5fd0a3; --fair: #e6bd57; --bad: #ff8a80;
  --goodbg: #12352a; --fairbg: #3a2f10; --badbg: #431c19; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 15px; font-weight: 600; color: var(--soft); margin: 0 0 4px; }
h2 { font-size: 20px; margin: 40px 0 12px; }
p { margin: 0 0 12px; max-width: 76ch; }
code, .mono { font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  overflow-wrap: anywhere; }
.overall { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 16px;
  margin-bottom: 8px; }
.overall strong { font-size: 40px; line-height: 1.15; letter-spacing: -0.01em; }
.overall span { color: var(--soft); }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 24px 0; }
.tile { flex: 1 1 200px; background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; padding: 14px 16px; }
.tile b { display: block; font-size: 22px; line-height: 1.25; }
.tile span { color: var(--soft); font-size: 14px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14.5px; }
th { text-align: left; color: var(--soft); font-weight: 600; font-size: 13px; }
th, td { padding: 10px 14px; vertical-align: top; border-bottom: 1px solid var(--line); }
tr:last-child td { border-bottom: 0; }
td small { color: var(--soft); display: block; font-size: 13px; overflow-wrap: anywhere; }
.badge { display: inline-block; border-radius: 6px; padding: 2px 8px; font-weight: 700;
  font-size: 12px; letter-spacing: 0.03em; white-space: nowrap; }
.good { color: var(--good); } .fair { color: var(--fair); } .bad { color: var(--bad); }
.badge.good { background: var(--goodbg); } .badge.fair { background: var(--fairbg); }
.badge.bad { background: var(--badbg); }
ul { margin: 0 0 12px; padding-left: 20px; }
details { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  margin: 12px 0; }
summary { cursor: pointer; padding: 12px 16px; font-weight: 600; }
details > :not(summary) { margin: 0; border-top: 1px solid var(--line); }
details > p { padding: 12px 16px; }
figure { display: inline-block; vertical-align: top; width: calc(50% - 8px); margin: 0 6px 12px 0;
  background: #ffffff; border: 1px solid var(--line); border-radius: 10px; padding: 12px; }
@media (max-width: 700px) { figure { width: 100%; } }
figure img { width: 100%; height: auto; display: block; }
figcaption { color: #5b6475; font-size: 13px; margin-top: 8px; overflow-wrap: anywhere; }
a { color: inherit; }
footer { margin-top: 48px; color: var(--soft); font-size: 13px; }
@media print { body { background: #fff; } details { break-inside: avoid; } }
"""


def write(found: Audit, folder: Path) -> Path:
    """Write audit.html and audit.json to a folder; returns the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    data = report.content(found)
    # of names that are not UTF-8, what they have else stands as an escape, in JSON a valid one
    with atomic_write(folder / DATA) as temporary:
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        temporary.write_bytes(text.encode("utf-8", "backslashreplace"))
    with atomic_write(folder / PAGE) as temporary:
        temporary.write_bytes(page(found, data).encode("utf-8", "backslashreplace"))
    return folder / PAGE


def page(found: Audit, data: dict) -> str:
    """The whole page."""
    parts = [
        _head(found, data),
        _claims(found),
        _touched(found),
        _environment(found, data),
        _figures(found),
        _jobs(found, data),
        _about(data),
    ]
    title = f"Audit of {data['study']['name'] or data['study']['file']}: {data['verdict']}"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def _head(found: Audit, data: dict) -> str:
    verdict = data["verdict"]
    study = data["study"]["name"] or data["study"]["file"]
    counts = Counter(str(claim.verdict) for claim in found.claims)
    told = ", ".join(f"{counts[v]} {v.lower()}" for v in map(str, GRAVITY) if counts[v])
    commit = str(data["code"]["commit"])[:12]
    changes = "with its uncommitted changes" if data["code"]["uncommitted_changes"] else "clean"
    rerun = data["rerun"]
    which = "from nothing" if rerun["everything"] else "each from its recorded inputs"
    signature = _SIGNATURES[data["seal"]["signature"]]
    tiles = [
        (f"{len(found.claims)} claims", told or "none could be read"),
        (f"{rerun['rerun']} of {rerun['jobs']} jobs", f"made again, {which}"),
        ("sealed" if data["seal"]["sealed"] else "not sealed", signature),
        (commit, f"commit, {changes}"),
    ]
    return (
        f"<h1>Audit of the study {_text(study)}</h1>\n"
        f'<div class="overall"><strong class="{_TONES[verdict]}">{_text(verdict)}</strong>'
        f"<span>{_text(report.extent(found).strip())}</span></div>\n"
        f"<p>{_text(_sentence(data['meaning']))}</p>\n"
        f'<p class="mono">{_text(report.seal(found))}</p>\n<div class="tiles">'
        + "".join(
            f'<div class="tile"><b>{_text(big)}</b><span>{_text(small)}</span></div>'
            for big, small in tiles
        )
        + "</div>"
        + _sample(data)
    )


def _sample(data: dict) -> str:
    rerun = data["rerun"]
    if rerun["everything"]:
        return "<p>Everything was rerun: no bad job can have been missed.</p>"
    told = audit_sample.told(rerun["population"], len(rerun["drawn"]))
    return (
        f"<p>Drawn by SHA-256(root ‖ nonce) with the nonce <code>{_text(rerun['nonce'])}</code>; "
        f"jobs of figures and tables are always rerun. {_text(told)}</p>"
    )


def _claims(found: Audit) -> str:
    anchors = {_anchor(path) for _, path in _pictures(found)}
    rows = "".join(_claim(found, claim, anchors) for claim in found.claims)
    untested = _text(", ".join(found.untested))
    after = f"<p><small>Not tested in this study: {untested}.</small></p>" if untested else ""
    return (
        '<h2>Claims</h2>\n<div class="card"><table><thead><tr><th>Claim</th><th>Recorded</th>'
        f"<th>Audit</th></tr></thead><tbody>{rows}</tbody></table></div>\n{after}"
    )


def _claim(found: Audit, claim: ClaimVerdict, anchors: set[str]) -> str:
    figure, anchor = _text(claim.figure or ""), _anchor(claim.figure or "")
    if anchor in anchors:  # of a study that was run in part it may not be there
        figure = f'<a href="#{_text(anchor)}">{figure}</a>'
    figure = f"<small>{figure}</small>" if figure else ""
    why = f"<small>{_text(claim.why)}</small>" if claim.why else ""
    first = report.named(found, claim.diverged)
    diverged = f"<small>First diverged: {_text(first)}</small>" if claim.diverged else ""
    part = " in part" if claim.rerun < len(claim.jobs) else ""
    rests = f"<small>{claim.rerun} of the {len(claim.jobs)} jobs it rests on made again</small>"
    return (
        f"<tr><td><b>{_text(claim.claim)}</b><small>{_text(claim.statement)}</small></td>"
        f"<td>{_text(claim.recorded)}<small>{_text(claim.result)}</small>{figure}</td>"
        f"<td>{_badge(claim.verdict)}{part}{why}{diverged}{rests}</td></tr>"
    )


def _touched(found: Audit) -> str:
    lines = [f"<code>{_text(path)}</code>: {_text(why)}" for path, why in found.tampered.items()]
    lines = [*map(_text, found.verified.faults), *lines]
    if not lines:
        return ""
    more = f"<p>and {len(lines) - _MOST_FILES} more</p>" if len(lines) > _MOST_FILES else ""
    return f"<h2>Not as made, recorded or sealed</h2>\n{_list(lines[:_MOST_FILES])}{more}"


def _environment(found: Audit, data: dict) -> str:
    where = "a reused environment" if found.reused else "a fresh environment from the lock"
    lines = data["environment"]["differences"]
    if not lines:
        said = f"Rerun in {where}; it is the recorded one in all that is recorded of it."
        return f"<h2>Environment</h2>\n<p>{said}</p>"
    listed = _list(map(_text, lines))
    return f"<h2>Environment</h2>\n<p>Rerun in {where}; it has:</p>\n{listed}"


def _figures(found: Audit) -> str:
    pictures = []
    folder, kept = found.asked.folder, found.asked.folder / PLACE / "rerun"
    for name, path in _pictures(found):
        again = kept / Path(path).name
        files = found.outcomes[name].files
        told = files[path].rung.words if path in files else "not rerun"
        pictures.append(_picture(folder / path, f"{path}: {told}", path))
        if again.is_file():
            pictures.append(_picture(again, f"the same figure, made again: {told}", ""))
    if not pictures:
        return ""
    return f'<h2>Figures</h2>\n<div class="figures">{"".join(pictures)}</div>'


def _pictures(found: Audit) -> list[tuple[str, str]]:
    """The pictures among the results, each after the name of its job."""
    outputs = ((name, path) for name in found.outcomes for path in found.graph.jobs[name].outputs)
    folder = found.asked.folder
    return [each for each in outputs if each[1].endswith(".png") and (folder / each[1]).is_file()]


def _picture(place: Path, caption: str, path: str) -> str:
    anchor = f' id="{_text(_anchor(path))}"' if path else ""
    try:
        with png.picture(place) as image:
            image.load()
            small = image.convert("RGB")
    except (ContentError, *contents.UNREADABLE):
        return f"<figure{anchor}><figcaption>{_text(caption)}; no picture</figcaption></figure>"
    small.thumbnail((_WIDTH, 4 * _WIDTH))
    packed = io.BytesIO()
    small.quantize(64).save(packed, format="PNG", optimize=True)
    data = base64.b64encode(packed.getvalue()).decode("ascii")
    return (
        f'<figure{anchor}><img alt="{_text(caption)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{_text(caption)}</figcaption></figure>"
    )


def _jobs(found: Audit, data: dict) -> str:
    rows = "".join(_job(job) for job in data["jobs"])
    counts = ", ".join(f"{count} {words}" for words, count in report.rungs(found).items())
    table = f'<div class="card"><table><tbody>{rows}</tbody></table></div>'
    return (
        f"<h2>Jobs</h2>\n<p>In the order of the study. {_text(counts or 'None was rerun')}.</p>\n"
        f"<details><summary>All {len(data['jobs'])} jobs</summary>{table}</details>"
    )


def _job(job: dict) -> str:
    told, tone = job["rung"] or "not drawn", ""
    if job["asked"]:
        told = job["rung"] or "not rerun"
        tone = _RUNGS.get(told, "fair")
    return (
        f"<tr><td>{_text(job['rule'])}<small>{_text(job['job'])}</small></td>"
        f'<td><span class="{tone}">{_text(told)}</span><small>{_text(job["why"])}</small></td></tr>'
    )


def _about(data: dict) -> str:
    meanings = _list(f"{_badge(verdict)} {_text(MEANINGS[verdict])}" for verdict in GRAVITY)
    seconds = ", ".join(f"{stage} {value:g} s" for stage, value in data["seconds"].items())
    notes = _list(map(_text, data["notes"])) if data["notes"] else ""
    return (
        f"<h2>What the words mean</h2>\n{meanings}\n<p>The tolerances were declared in "
        "<code>workflow/audit.yaml</code> of the recorded commit. An audit says that the recorded "
        "code makes the recorded results again; whether other people find the same with code and "
        f"data of their own it cannot say.</p>\n{notes}"
        f"<footer>{_text(data['format'])}. {_text(seconds)}.</footer>"
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _badge(verdict: str) -> str:
    return f'<span class="badge {_TONES[str(verdict)]}">{_text(verdict)}</span>'


def _list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"


def _anchor(path: str) -> str:
    return f"figure-{Path(path).stem}"


def _text(value: object) -> str:
    """Text that no browser takes for anything else: results may come from anybody."""
    return html.escape(str(value), quote=True)
