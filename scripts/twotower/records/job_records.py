"""Records of every job: the bytes of each output, and what the job made them from.

The output `results/A/B` has its record in `results/records/A/B.json`: the SHA-256 of its bytes,
the rule, the digests of code, bookkeeping (`twotower.records.code_digest`) and settings, the
SHA-256 of each input, all outputs of the job, and the digest of the environment of the process that
made it (`twotower.records.environment`); that of the statement before the run, if there was one. A
record holds no time and no absolute path: equal runs leave equal records. It is written last and
whole: an output without a valid record is unfinished.

In `results/records/` stand records of environments and of runs too
(`twotower.records.run_records`).
"""

import math
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twotower.base import errors, files, identity, places, safe_names
from twotower.records import code_digest, environment, job_log, last_run
from twotower.records.reading import canonical

RECORDS = places.RESULTS / "records"
STATED = places.RESULTS / "preregistration/statement.json"
"""The statement before the run (`twotower.running.statements`), if there was one."""

MODULE = "TOWER_RATES_MODULE"
"""Variable of jobs of another workflow that imports this one as a module."""

PATIENCE = 2.0
"""Seconds that a job waits for a record: network file systems show new files late. A cluster's
profile tries a job again that waited in vain."""

_KEYS = {"rule", "code", "settings", "inputs", "outputs", "bytes", "sha256"}
_FURTHER = {"environment", "bookkeeping", "statement"}
"""Keys that older records, or those of runs without a statement, do not have."""


class ChangedFileError(errors.ExpectedError):
    """A file whose bytes are not those that its record says were made."""


@contextmanager
def job(snakemake: Any) -> Iterator[dict]:
    """A rule's script as one block: its log, its inputs checked, its outputs recorded.

    `snakemake` is what Snakemake gives to a script: input, output, log, params.spec and rule are
    used. Yields params.spec. Inputs and numerical code are hashed before the block and again after
    it. Bookkeeping may change meanwhile, since no result depends on it; the record names the one
    that was there as the job began, which the process has imported by then.

    Raises:
        ChangedFileError: if an input or the code is not as it was made or planned with, or changes
            while the job works.
    """
    job_log.start(snakemake.log[0])
    rule = _settle(snakemake)
    spec = snakemake.params.spec
    code, settings = spec["code"], settings_digest(spec)
    script = _check_code(rule, code)
    bookkeeping = code_digest.bookkeeping_digest(places.PROJECT / "scripts", script)
    for path in snakemake.output:
        record_path(path).unlink(missing_ok=True)
    before = {str(path): _checked(path) for path in snakemake.input}
    yield spec
    for path, sha256 in before.items():
        if files.sha256(path) != sha256:
            raise ChangedFileError(f"{path} changed while this job read it; {_remedy(path)}")
    _check_code(rule, code)
    made_from = {
        "rule": rule,
        "code": code,
        "bookkeeping": bookkeeping,
        "settings": settings,
        "inputs": {places.name(path): sha256 for path, sha256 in before.items()},
        "outputs": sorted(places.name(path) for path in snakemake.output),
        "environment": environment.save(environment.current()),
    }
    os.listdir(places.RESULTS)  # after which network file systems show what is new in it
    if STATED.is_file():
        made_from["statement"] = files.sha256(STATED)
    for path in snakemake.output:
        write(path, made_from)


def write(path: str | Path, made_from: dict) -> None:
    """Write the record of an output, whole or not at all; `made_from` is all but size and hash."""
    content = made_from | {"bytes": Path(path).stat().st_size, "sha256": files.sha256(path)}
    content["record"] = identity.digest(content).hex()
    with files.atomic_write(record_path(path)) as temporary:
        temporary.write_text(canonical.text(content, 2), encoding="ascii", newline="\n")


def read(path: str | Path, folder: Path = Path()) -> dict | None:
    """The record of an output, without its own digest; None if it is missing or damaged.

    Damaged is any that `write` would write otherwise. `folder` is the one that holds results/.
    """
    try:
        content = canonical.read(folder / record_path(path), 2)
        own = content.pop("record")
        valid = own == identity.digest(content).hex() and _is_whole(content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return content if valid else None


def record_path(path: str | Path) -> Path:
    """Where the record of an output stands: `results/records/A/B.json` for `results/A/B`."""
    return RECORDS / f"{Path(path).relative_to(places.RESULTS)}.json"


def recorded(folder: Path = Path()) -> Iterator[Path]:
    """Paths, from the folder on, of all outputs that have a record there, sound or damaged."""
    # through a link anybody could lead to a whole disk
    for path in files.below(folder / RECORDS, links=False):
        if output := output_of(path.relative_to(folder)):
            yield output


def output_of(path: Path) -> Path | None:
    """The output whose record stands at a path below a folder; None if no record stands there."""
    if not path.is_relative_to(RECORDS) or path.suffix != ".json" or path.name.startswith("."):
        return None
    within = path.relative_to(RECORDS)
    # environments/<digest>.json and runs/<digest>.json are no outputs' records
    own = len(within.parts) == 2 and within.parts[0] in ("environments", "runs")
    return None if own else places.RESULTS / within.with_suffix("")


def settings_digest(spec: dict) -> str:
    """The SHA-256 of a job's settings without the code's digest, 64 hexadecimal digits."""
    return identity.digest(plain({k: v for k, v in spec.items() if k != "code"})).hex()


def plain(value: Any) -> Any:
    """`value` with infinite and missing numbers as text, which canonical JSON lacks."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _settle(snakemake: Any) -> str:
    """Work in the folder that holds results/, with paths from there; returns the rule's own name.

    A workflow that imports this one may set a folder before all paths, and rename the rules. Both
    are read from the log's path, FOLDER/results/logs/RULE…
    """
    folder, _, log = f"/{snakemake.log[0]}".rpartition(f"/{places.RESULTS}/logs/")
    if home := folder[1:]:
        for held in (snakemake.input, snakemake.output, snakemake.log):
            held[:] = [os.path.relpath(path, home) for path in held]
            for key, value in held.items():
                if isinstance(value, str):
                    setattr(held, key, os.path.relpath(value, home))
                else:
                    value[:] = [os.path.relpath(path, home) for path in value]
        os.chdir(home)
    known = code_digest.scripts(places.PROJECT)
    return snakemake.rule if snakemake.rule in known else re.split("[/.]", log)[0]


def _check_code(rule: str, planned: str) -> str:
    """The path of a rule's script; its numerical code must be as it was when the run was planned.

    Else a record would name code that did not run. A cluster's job is planned twice, the second
    time by a Snakemake of its own, as the code is by then: the first one's digests were noted.
    """
    name = code_digest.scripts(places.PROJECT).get(rule, f"of the rule {rule}")
    # A run of another workflow, which imports this one, notes nothing: a note would be an old one.
    of_run = {} if os.environ.get(MODULE) else last_run.code(Path())
    noted = of_run.get(name, planned)
    code_digest.forget()
    try:
        same = code_digest.code_digest(places.PROJECT / "scripts", name) == planned == noted
    except code_digest.CodeError:  # removed, or written in part
        same = False
    if not same:
        raise ChangedFileError(
            f"scripts/{name}, or a module that it leads to, changed since this run began; "
            "run again: the run makes the results of this code anew"
        )
    return name


def _is_whole(content: dict) -> bool:
    """Whether all parts are there, each of its kind; raises what dicts raise where they are not.

    Outputs are below results/: files elsewhere are never removed.
    """
    shorts = [content.get(name, "") for name in ("environment", "bookkeeping")]
    digests = [content["sha256"], *content["inputs"].values(), content.get("statement", "0" * 64)]
    return (
        _KEYS <= content.keys() <= _KEYS | _FURTHER
        and all(safe_names.is_path(path) and places.is_made(path) for path in content["outputs"])
        and all(map(safe_names.is_word, (content["rule"], content["code"], content["settings"])))
        and all(map(safe_names.is_path, content["inputs"]))
        and all(safe_names.is_hex(sha256, 64) for sha256 in digests)
        and all(each == "" or safe_names.is_hex(each, 16) for each in shorts)
        and safe_names.is_size(content["bytes"])
    )


def _checked(path: str | Path) -> str:
    """The SHA-256 of an input; of one that a job made, it must be the recorded one."""
    if not places.is_made(path):
        return files.sha256(path)
    until = time.monotonic() + PATIENCE
    while True:
        found, record = files.sha256(path), read(path)
        if record and record["sha256"] == found:
            return found
        if time.monotonic() > until:
            break
        time.sleep(0.5)
    if record is None:
        raise ChangedFileError(
            f"{path} has no valid record in {record_path(path)}: the job that made it did not "
            f"end, or the record changed; {_remedy(path)}"
        )
    raise ChangedFileError(
        f"{path} changed since it was made: its SHA-256 begins with {found[:12]}, "
        f"{record['sha256'][:12]} was recorded; {_remedy(path)}"
    )


def _remedy(path: str | Path) -> str:
    return "`make resume` makes it anew" if places.is_made(path) else "run again"
