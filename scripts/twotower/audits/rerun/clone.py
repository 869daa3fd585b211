"""Where an audit works: a clean clone of the recorded commit, and an environment from its lock."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
import venv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from twotower.audits.rerun import names as audit_names
from twotower.audits.seal import manifest
from twotower.audits.seal.manifest import Manifest
from twotower.base import commands, places, safe_names
from twotower.base.errors import ExpectedError
from twotower.base.pins import PINS
from twotower.records import git, job_records, last_run, run_records

LOCK = Path("envs/requirements.txt")
CUDA = Path("envs/requirements-cuda.txt")
"""The same pins with torch's CUDA build and what it needs, for where pip finds no other build."""
_FOREIGN = (*PINS, "PYTHONPATH", "PYTHONHOME", "SNAKEMAKE_PROFILE", "VIRTUAL_ENV", "MFLAGS")
"""Variables of the auditor's process that a run is not to inherit: it sets its own."""
_SAME = ("-c", "core.autocrlf=false", "-c", "advice.detachedHead=false")
"""A user's settings, such as line ends, are not to change the code."""
_LOCAL = ("-c", "protocol.file.allow=always")
"""A clone of a folder of this machine is all that is fetched."""


class CloneError(ExpectedError):
    """The recorded code or its environment cannot be had; the message says why, and what would."""


@dataclass(frozen=True)
class Clone:
    """A clean clone with its environment.

    Attributes:
        folder: of the clone.
        python: of the environment.
        reused: whether that was given, and not made from the lock.
    """

    folder: Path
    python: Path
    reused: bool


def clone(project: Path, run: dict, results: Path, folder: Path) -> None:
    """Clone the project at a run's commit, and lay the run's uncommitted changes over it.

    Args:
        project: a git repository that has the commit.
        run: the run's record.
        results: the folder whose results/ holds the uncommitted changes.
        folder: where the clone is to be; it must not be there.

    Raises:
        CloneError: if there is no commit, or its changes are not those recorded, or do not fit.
        git.GitError: if git does not give the commit.
    """
    commit = run["commit"]
    if commit is None:
        raise CloneError(
            "the run recorded no commit, since git gave none when it started: there is no code "
            "to rerun; run the study in a git clone of the project, and seal it there"
        )
    git.require(project, commit)
    source = [*_LOCAL, "clone", "--quiet", "--no-checkout", "--", str(project), str(folder)]
    git.output(Path(), *_SAME, *source, about=project)
    git.output(folder, *_SAME, "checkout", "--quiet", "--detach", commit, "--", about=project)
    if diff := run["diff"]:
        place = results / diff["file"]
        try:
            changes = hashlib.sha256(safe_names.bytes_of(place)).hexdigest()
        except OSError:
            changes = ""
        if changes != diff["sha256"]:
            raise CloneError(
                f"{diff['file']}: the uncommitted changes of the run are missing or changed; "
                "without them its code cannot be had again"
            )
        apply = ["apply", "--whitespace=nowarn", "--"]  # of changed lines as they are
        try:
            git.output(folder, *_SAME, *apply, str(place.resolve()))
        except git.GitError as error:
            raise CloneError(
                f"{diff['file']}: the uncommitted changes of the run do not fit commit "
                f"{commit[:12]} ({error.reason}); without them its code cannot be had again"
            ) from None


def run_of(folder: Path) -> tuple[Manifest | None, str, dict | None]:
    """The seal of a folder's results; the digest of the run that made them, and its record.

    None where there is none that can be read; without a seal it is the last run that is known.
    """
    try:
        sealed = manifest.read(folder)
        name = sealed.study.get("run", "")
    except manifest.ManifestError:
        sealed = None
        name = last_run.record(folder) or next(iter(run_records.names(folder)), "")
    return sealed, name, run_records.read(name, folder)


@contextmanager
def checked_out(folder: Path) -> Iterator[tuple[Path | None, str]]:
    """The project at the commit that a folder's results were made from, in a folder of its own.

    This clone may stand at another commit. Yields the project, and a note on it for the reader; no
    project if the folder has code itself, or the commit cannot be had.
    """
    if (folder / "Snakefile").is_file():
        yield None, ""
        return
    _, _, run = run_of(folder)
    if run is None:
        yield None, ""
        return
    with tempfile.TemporaryDirectory(prefix="tower-rates-") as work:
        place = Path(work) / "code"
        try:
            audit_names.check_run(run)
            clone(places.PROJECT, run, folder.resolve(), place)
        except (CloneError, audit_names.NamesError, git.GitError) as error:
            yield (
                None,
                f"compared with the code of this clone, not with the code of the run: {error}",
            )
            return
        changes = " with the run's uncommitted changes" if run["diff"] else ""
        yield place, f"compared with the code of commit {run['commit'][:12]}{changes}"


def fresh_environment(folder: Path, place: Path, wheels: Path | None = None) -> Path:
    """Make an environment from a clone's lock; returns its Python.

    Without `wheels` pip installs no file whose hash the lock lacks.

    Args:
        wheels: a folder of wheels to install from, without a network.

    Raises:
        CloneError: with pip's own words, if it fails.
    """
    venv.create(place, with_pip=True, symlinks=True)
    python = place / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    locks = [path for path in (folder / LOCK, folder / CUDA) if path.is_file()]
    if wheels:
        # `pip wheel` checked what it fetched; a wheel that it built from sources has no hash there
        bare = re.sub(r" \\\n +--hash=\S+", "", locks[0].read_text(encoding="utf-8"))
        locks = [place / LOCK.name]
        locks[0].write_text(bare, encoding="utf-8")
        command += ["--no-index", "--find-links", str(wheels.resolve())]
    for lock in locks:
        done = subprocess.run(
            [*command, "-r", str(lock)],
            env=clean_environment(),
            capture_output=True,
            encoding="utf-8",
        )
        if done.returncode == 0:
            return python
        if "torch==" not in done.stderr:
            break
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    said = [line for line in lines if "ERROR:" in line][:3] or lines[-3:]
    source = f"from {wheels}" if wheels else "over the network"
    hint = ("`pip wheel -r envs/requirements.txt -w folder` makes all that WHEELS=folder needs "
            "to install offline; ENV=folder reuses an environment")  # fmt: skip
    raise CloneError("\n  ".join([f"{LOCK}: cannot be installed {source}; {hint}:", *said]))


def existing_environment(place: Path) -> Path:
    """The Python of an environment that is there.

    Raises:
        CloneError: if there is none.
    """
    python = place / "bin" / "python"
    if not python.exists():
        raise CloneError(f"ENV={place}: is no environment; allowed: a folder that has bin/python")
    try:
        asked = [python.absolute(), "-c", "import snakemake"]
        done = subprocess.run(asked, capture_output=True, env=clean_environment(), check=False)
        why = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    except OSError as error:
        why = [str(error)]
    if why:
        raise CloneError(f"ENV={place}: has no Python that can run the study ({why[0]})")
    return python.absolute()  # not resolved: the link is what makes it an environment


def study_options(run: dict, **changes: object) -> list[str]:
    """Snakemake's options that name a run's study, with the values that were laid over its file.

    Raises:
        CloneError: if the study's file is not part of the project.
    """
    name = run["study"]["file"]
    if name.startswith("given:"):
        raise CloneError(
            f"the study's file {name.removeprefix('given:')} lies outside of the project, and its "
            "path is part of the results; copy it into the project, run and seal it there"
        )
    given = run["study"]["given"] | changes
    values = [commands.config(key, value) for key, value in sorted(given.items())]
    return ["--config", commands.config("study", name), *values]


def snakemake(
    clone: Clone, directory: Path, targets: Iterable[str], options: Sequence[str], log: Path
) -> int:
    """Run a clone's workflow in a folder; what it prints goes to a log. Returns its exit status."""
    command = [str(clone.python), "-m", "snakemake", "--snakefile", str(clone.folder / "Snakefile")]
    # no target can be an option, whatever a record calls it
    command += ["--directory", str(directory), "--keep-going", *options, "--", *targets]
    directory.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as printed:
        return subprocess.run(
            command,
            cwd=clone.folder,
            env=clean_environment() | {"SHOW_RESULTS": "no"},
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
        ).returncode


def bring(results: Path, directory: Path, paths: Iterable[str]) -> None:
    """Copy results and their records to a folder where jobs are to read them.

    All get one time, of now: none is then older than another, or than the clone, and Snakemake
    makes none of them anew.
    """
    now = time.time_ns()
    for path in paths:
        for one in (Path(path), job_records.record_path(path)):
            place = directory / one
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(results / one, place)
            os.utime(place, ns=(now, now))


def clean_environment() -> dict[str, str]:
    """This process's variables without those that would reach into a run."""
    kept = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
    return {key: value for key, value in kept.items() if not key.startswith("MAKE")}
