"""Records of runs: which study was run, from which commit, with which uncommitted changes.

A run's main process writes `results/records/runs/<digest>.json` as it starts. Like all records it
holds no time and no absolute path: the same study run again from the same code leaves one record.
"""

import hashlib
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from twotower.base import commands, files, identity, places, safe_names
from twotower.records import environment, git, job_records, packages, startup
from twotower.records.commits import code_files
from twotower.records.reading import canonical

RUNS = Path("results/records/runs")
_OF_STUDY = {"file", "sha256", "given", "content", "settings"}
_KEYS = {"study", "commit", "diff", "environment", "targets", "real"}


def start(
    study: Mapping,
    targets: Iterable[str],
    real: Iterable[str] = (),
    statement: str = "",
    decisions: Mapping[str, str] | None = None,
) -> str:
    """Write the record of a run that starts in this folder; returns its digest.

    Args:
        study: file, path as it was given; given, the values of --config over it; content, the
            mapping that both make; and settings, the study's validated values.
        targets: what the run is asked for; empty for all.
        real: sources of real ratings that it may read.
        statement: SHA-256 of the statement about the study before the run; "" without a statement.
        decisions: label and sha256 of the rules by which the run is to be judged.
    """
    packages.note(places.PROJECT / environment.LOCK)
    commit = _commit(places.PROJECT)
    changes = code_files.changes(places.PROJECT, commit, study["file"]) if commit else b""
    here = environment.current(computes=False)
    if others := startup.told(here["startup"]):
        told = f"Besides the packages of the lock there runs {others}: `make verify` will tell it."
        print(f"{told} Remove it, or unset the variable, and run again.", file=sys.stderr)
    content = {
        "study": {
            "file": places.name(study["file"]),
            "sha256": files.sha256(study["file"]) if Path(study["file"]).is_file() else None,
            "given": job_records.plain(study["given"]),
            "content": job_records.plain(study["content"]),
            "settings": study_digest(study["settings"]),
            "experiments": [*study["settings"].get("experiments", ())],  # their order, too
        },
        "commit": commit,
        "diff": _kept(changes) if changes else None,
        "environment": environment.save(here),
        "targets": sorted(targets),
        "real": sorted(real),
    }
    if statement:  # a record names what was there before it: so it was written after that
        content["statement"] = statement
    if decisions:
        content["decisions"] = dict(decisions)
    name = digest(content)
    with files.atomic_write(RUNS / f"{name}.json") as temporary:
        temporary.write_text(canonical.text(content, 2), encoding="ascii", newline="\n")
    return name


def origin(project: Path, study: str) -> tuple[str | None, bool | None]:
    """The commit of a project, and whether code and study are as in it; None where unknown."""
    commit = _commit(project)
    return commit, not code_files.changes(project, commit, study) if commit else None


def study_digest(settings: Mapping) -> str:
    """The SHA-256 of a study's validated values, 64 hexadecimal digits."""
    return identity.digest(job_records.plain(settings)).hex()


def digest(run: Mapping) -> str:
    """The name of a run: 16 hexadecimal digits of the SHA-256 of its record's canonical JSON."""
    return identity.digest(run).hex()[:16]


def read(name: str, folder: Path = Path()) -> dict | None:
    """The record of a run by its digest; None if it is missing, or if its name does not fit."""
    try:
        run = canonical.read(folder / RUNS / f"{name}.json", 2)
        return run if digest(run) == name and _is_whole(run) else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def said(run: dict) -> str:
    """In words, which study a run was of, what --config laid over it, and what it was asked for."""
    told = run["study"]
    given = [commands.config(key, value) for key, value in sorted(told["given"].items())]
    over = f"with --config {shlex.join(given)} over it" if given else "as its file says it"
    some = [target for target in run["targets"] if target != "all"]
    asked = f"asked for {', '.join(some)} alone" if some == run["targets"] != [] else "all of it"
    beside = f"; real ratings of {', '.join(run['real'])}" if run["real"] else ""
    return f"study {told['file']}, {over}; {asked}{beside}"


def names(folder: Path = Path()) -> list[str]:
    """Digests of all runs that are recorded below a folder."""
    return sorted(path.stem for path in (folder / RUNS).glob("[!.]*.json") if path.is_file())


def _is_whole(run: dict) -> bool:
    """Whether all parts are there, each of its kind; raises what dicts raise where they are not."""
    study, diff = run["study"], run["diff"]
    sums = [study["settings"], study["sha256"], diff["sha256"] if diff else None]
    sums += [run.get("statement")]
    return (
        _KEYS <= run.keys() <= _KEYS | {"decisions", "statement"}
        and _OF_STUDY <= study.keys() <= _OF_STUDY | {"experiments"}  # older records have none
        and ("experiments" not in study or _is_order(study))
        and safe_names.is_path(study["file"])
        and safe_names.is_hex(study["settings"], 64)
        and all(each is None or safe_names.is_hex(each, 64) for each in sums)
        and (run["commit"] is None or any(safe_names.is_hex(run["commit"], n) for n in (40, 64)))
        and (not diff or _is_diff(diff["file"]))
        and ("decisions" not in run or _are_rules(run["decisions"]))  # older records have none
        and safe_names.is_hex(run["environment"], 16)
        and all(map(safe_names.is_word, [*run["targets"], *run["real"]]))
        and isinstance(study["given"], dict)
        and isinstance(study["content"], dict)
        and isinstance(run["targets"], list)
        and isinstance(run["real"], list)
    )


def _is_order(study: dict) -> bool:
    """Whether the experiments that are listed are those of the study."""
    named, asked = study["experiments"], study["content"].get("experiments", {})
    return isinstance(named, list) and isinstance(asked, dict) and sorted(named) == sorted(asked)


def _are_rules(rules: dict) -> bool:
    label, sha256 = rules["label"], rules["sha256"]
    return (
        safe_names.is_word(label) and safe_names.is_hex(sha256, 64) and label.endswith(sha256[:10])
    )


def _is_diff(path: str) -> bool:
    return safe_names.is_path(path) and Path(path).parent == RUNS and path.endswith(".diff")


def _commit(project: Path) -> str | None:
    """The commit of the project; None where git names no commit, and the reason is printed."""
    try:
        return git.commit(project)
    except git.GitError as error:
        told = f"The commit is not recorded, so nobody can audit these results: {error}."
        print(told, file=sys.stderr, flush=True)
        return None


def _kept(changes: bytes) -> dict[str, str]:
    """Write a run's uncommitted changes beside its record; returns the record's entry for them."""
    sha256 = hashlib.sha256(changes).hexdigest()
    place = RUNS / f"{sha256[:16]}.diff"
    with files.atomic_write(place) as temporary:
        temporary.write_bytes(changes)
    return {"sha256": sha256, "file": place.as_posix()}
