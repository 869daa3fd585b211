"""Snakemake's own notes of the jobs that it ran, against the records that the jobs wrote.

The notes are no part of a seal, since they may stay behind when results are handed on. Where they
are there, they must tell the same: the rule, the inputs and their hashes, the settings, the code.
"""

import ast
import base64
import binascii
import json
import math
from pathlib import Path

from twotower.audits.verify.evidence import Evidence
from twotower.audits.verify.findings import Verification
from twotower.base import files, places, safe_names
from twotower.records import code_digest, job_records
from twotower.records.reading import canonical

NOTES = Path(".snakemake/metadata")


def check(evidence: Evidence, result: Verification) -> None:
    """Give a verdict on each note that contradicts the record of the same output."""
    notes = noted(evidence.folder)
    if not notes:
        result.notes.append("Snakemake's own notes are not here: nothing to compare them with")
        return
    named = code_digest.scripts(evidence.project)
    for output, place in sorted(notes.items()):
        record = evidence.records.get(output)
        name = place.relative_to(evidence.folder).as_posix()
        try:
            note = json.loads(safe_names.text_of(place, "utf-8", canonical.MOST))
            if isinstance(began := note.get("starttime"), (int, float)):
                result.began[output] = float(began)
            told = _told(note, record, named) if record else []
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            result.add(name, "FORGED", f"Snakemake's note of {output} cannot be read")
            continue
        if told:
            reason = f"Snakemake's note of {output} disagrees with its record: {'; '.join(told)}"
            result.add(name, "FORGED", reason)
        else:
            result.add(name, "OK", "")
    for output in evidence.records.keys() - notes.keys():
        if output in evidence.found:
            result.notes.append(f"Snakemake has no note of {output}")


def noted(folder: Path) -> dict[str, Path]:
    """By output, the file of Snakemake's note of it: its name is the output's in base 64."""
    found = {}
    for place in files.below(folder / NOTES, links=False):
        try:
            # long names go over several folders, each part but the last with a leading @
            coded = "".join(
                part.removeprefix("@") for part in place.relative_to(folder / NOTES).parts
            )
            output = base64.b64decode(coded, altchars=b"-_").decode("utf-8")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            continue
        if places.is_made(output):
            found[output] = place
    return found


def _told(note: dict, record: dict, named: dict[str, str]) -> list[str]:
    """What a note says otherwise than a record, in words; `named` has the script of each rule."""
    told = []
    if note["rule"] != record["rule"]:
        told.append(f"the rule is {note['rule']}, recorded was {record['rule']}")
    script = named.get(record["rule"], "").rpartition("/")[2]  # scripts may have moved since then
    if note["code"] and script not in note["code"]:
        told.append(f"the script is {note['code'].strip()}")
    inputs = {_short(path): path for path in note["input"]}
    recorded = {_short(name): sha256 for name, sha256 in record["inputs"].items()}
    if inputs.keys() != recorded.keys():
        other = sorted(inputs.keys() ^ recorded.keys())
        told.append(f"the inputs differ by {', '.join(other[:3])}")
    for name, sha256 in recorded.items():
        noted = (note.get("input_checksums") or {}).get(inputs.get(name))
        if noted not in (None, f"sha256:{sha256}"):
            told.append(f"{name} is {noted.removeprefix('sha256:')[:12]}, recorded {sha256[:12]}")
    if note.get("incomplete"):
        told.append("the job is unfinished")
    if (spec := _spec(note)) is None:
        told.append("its settings cannot be read")
    else:
        if spec.get("code") != record["code"]:
            told.append(f"the code is {spec.get('code')}, recorded {record['code']}")
        if job_records.settings_digest(spec) != record["settings"]:
            told.append("the settings differ")
    start, end = note.get("starttime"), note.get("endtime")
    if start is not None and end is not None and not start <= end:
        told.append("the job ended before it began")
    return told


def _short(path: str) -> str:
    """What names an input wherever it is verified: results by path, given files by name alone.

    Snakemake notes a given file by its path from the folder of the run, which may be gone.
    """
    return path if places.is_made(path) else Path(path.removeprefix("given:")).name


def _spec(note: dict) -> dict | None:
    """The job's settings as Snakemake noted them: the text of a dict; None if it is not."""
    for text in note.get("params") or ():
        try:
            spec = literal(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        if isinstance(spec, dict) and "code" in spec:
            return spec
    return None


def literal(text: str) -> object:
    """The value of a literal in Python's notation, with inf and nan; nothing is executed.

    Raises:
        ValueError, SyntaxError: if it is anything else.
    """
    tree = ast.parse(text, mode="eval")
    return ast.literal_eval(_Numbers().visit(tree))


class _Numbers(ast.NodeTransformer):
    """The names inf and nan, which Python's notation of a dict has, as numbers."""

    def visit_Name(self, node: ast.Name) -> ast.AST:  # noqa: N802  (the name that ast asks for)
        values = {"inf": math.inf, "nan": math.nan}
        return ast.copy_location(ast.Constant(values[node.id]), node) if node.id in values else node
