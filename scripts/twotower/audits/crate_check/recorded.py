"""What a crate's graph says of jobs and runs, against the records of them in the crate.

Needs nothing but Python's own library.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from twotower.base import safe_names

RECORDS = "results/records/"
_RUN = "#run"
_JOB = "a job of the rule "


def faults(folder: Path, graph: list[dict[str, Any]], held: Iterable[str]) -> Iterator[str]:
    """In words, what the graph says otherwise than the records.

    Args:
        held: paths of files that are as the graph says.
    """
    said = {_RUN: ""}
    for entity in graph:
        told = str(entity.get("description", ""))
        results = entity.get("result", [])
        if entity["@id"] == _RUN:
            said[_RUN] = told
        elif told.startswith(_JOB):
            for each in results if isinstance(results, list) else [results]:
                said[unquote(str(each["@id"])).removeprefix("#")] = told
    for path in sorted(each for each in held if each.startswith(RECORDS)):
        kind, _, name = path.removeprefix(RECORDS).partition("/")
        of_run = kind == "runs" and "/" not in name
        if not path.endswith(".json") or (kind in ("environments", "preregistration")):
            continue
        try:
            record = json.loads(safe_names.bytes_of(folder / path))
            due = f"commit {record['commit'] or 'unknown'}" if of_run else _told(record)
        except (ValueError, KeyError, TypeError) as error:
            yield f"{path} is no record: {error!r:.60}"
            continue
        about = _RUN if of_run else f"results/{path.removeprefix(RECORDS).removesuffix('.json')}"
        if due not in said.get(about, ""):
            yield f"it says “{said.get(about) or 'nothing'}” of {about}, {path} says “{due}”"


def _told(record: dict[str, Any]) -> str:
    return f"{_JOB}{record['rule']}, code {record['code']}"
