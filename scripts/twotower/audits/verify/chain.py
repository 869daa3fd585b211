"""The chain of records: what each job recorded that it read, against the files that are there.

Whoever edits a result and its own record to match must also edit what every job that read it has
recorded, and what these in turn made, up to the seal.
"""

from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path

from twotower.audits.verify.evidence import Evidence
from twotower.audits.verify.findings import Verification, several
from twotower.base import places
from twotower.records import code_digest, job_records

_NO_RECORD = (
    "it is no valid record: its digest does not match its content, or it is not as a job writes it"
)
_SHARED = ("rule", "code", "bookkeeping", "settings", "inputs", "outputs", "environment",
           "statement")  # fmt: skip


def check(evidence: Evidence, result: Verification) -> None:
    """Give verdicts on files whose bytes, records and readers do not agree."""
    _check_bytes(evidence, result)
    _check_readers(evidence, result)
    _check_jobs(evidence, result)
    if evidence.reads_code:
        _check_code(evidence, result)


def _check_bytes(evidence: Evidence, result: Verification) -> None:
    """Each result against its own record and its entry in the seal."""
    entries = evidence.sealed.files if evidence.sealed else {}
    for path, record in evidence.records.items():
        own = record_of(path)
        found = evidence.sha256(path)
        if record is None:
            result.add(own, "FORGED", _NO_RECORD)
            result.add(path, "UNRECORDED", "its record is damaged")
        elif found is None:
            if evidence.is_gone(path):
                result.add(path, "MISSING", f"job {record['rule']} made it")
        elif record["sha256"] != found:
            reason = f"job {record['rule']} recorded {record['sha256'][:12]}, it is {found[:12]}"
            result.add(path, "CHANGED", reason)
        elif record["bytes"] != evidence.found[path][0]:
            size = f"{record['bytes']:,} bytes, it has {evidence.found[path][0]:,}"
            result.add(own, "FORGED", f"it says that {path} has {size}")
        elif path in entries and entries[path].sha256 != found:
            reason = "it agrees with its record, but other bytes were sealed: both were changed"
            result.add(path, "FORGED", reason)
        if record is not None and path not in record["outputs"]:
            result.add(own, "FORGED", f"it is the record of {', '.join(record['outputs'])}")


def _check_readers(evidence: Evidence, result: Verification) -> None:
    """Each file against what the jobs that read it recorded."""
    readers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path, record in evidence.records.items():
        for name, sha256 in (record["inputs"] if record else {}).items():
            readers[name, sha256].append(path)
    for (name, sha256), paths in sorted(readers.items()):
        found, record = evidence.sha256(name), evidence.records.get(name)
        by = several(paths)
        if found is None:
            if evidence.is_gone(name) and places.is_made(name):
                result.add(name, "MISSING", f"read for {by}")
            elif evidence.is_gone(name):
                result.notes.append(f"{name}, read for {by}, is not here: it cannot be checked")
        elif found != sha256 and record and record["sha256"] == found:
            reason = f"it agrees with its record, but {by} recorded other bytes for it"
            result.add(name, "FORGED", f"{reason} ({sha256[:12]}, it is {found[:12]})")
        elif found != sha256:
            reason = f"{by} recorded other bytes for it"
            result.add(name, "CHANGED", f"{reason} ({sha256[:12]}, it is {found[:12]})")


def _check_jobs(evidence: Evidence, result: Verification) -> None:
    """All outputs of a job have one origin."""
    for path, record in evidence.records.items():
        for other in record["outputs"] if record else ():
            beside = evidence.records.get(other)
            if beside is None and other not in evidence.records:
                reason = f"job {record['rule']} made it together with {path}"
                result.add(record_of(other), "MISSING", reason)
            elif beside and other < path:
                told = [key for key in _SHARED if record.get(key) != beside.get(key)]
                if told:
                    reason = f"it disagrees with the record of {other}, of the same job, in"
                    result.add(record_of(path), "FORGED", f"{reason} {', '.join(told)}")


def _check_code(evidence: Evidence, result: Verification) -> None:
    """Each job's code against the code that is there; other bookkeeping is no fault, but noted."""
    named = code_digest.scripts(evidence.project)

    @cache  # what cannot be read is tried once, not for each of its records
    def there(script: str, digest: Callable[[Path, str], str]) -> str:
        try:
            return digest(evidence.project / "scripts", script)
        except (code_digest.CodeError, RecursionError, MemoryError):
            return ""

    other = []
    for path, record in evidence.records.items():
        if record is None:
            continue
        script = named.get(record["rule"])
        if script is None:
            continue  # told with the rules
        recorded = record.get("bookkeeping", "")
        code = there(script, code_digest.code_digest if recorded else code_digest.flat_digest)
        if code == "":
            result.add(path, "STALE", f"the code of {script}, or of its library, cannot be read")
        elif code != record["code"]:
            reason = f"made by other code of {script} and its library than the project has"
            result.add(path, "STALE", reason)
        elif recorded and recorded != there(script, code_digest.bookkeeping_digest):
            other.append(path)
    if other:
        result.notes.append(
            f"{several(other)}: made with other bookkeeping (records, logs, names) than is there; "
            "no number depends on it"
        )


def record_of(path: str) -> str:
    """The path of an output's record."""
    return job_records.record_path(path).as_posix()
