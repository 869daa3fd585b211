"""The code that results were made by, for results that came without any."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twotower.audits.rerun import clone
from twotower.audits.rerun import names as audit_names
from twotower.audits.seal import manifest
from twotower.audits.seal.manifest import Manifest
from twotower.base import places
from twotower.records import git, last_run, run_records


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
            clone.clone(places.PROJECT, run, folder.resolve(), place)
        except (clone.CloneError, audit_names.NamesError, git.GitError) as error:
            yield None, f"compared with the code that is here, not that of the run: {error}"
            return
        changes = " with the run's uncommitted changes" if run["diff"] else ""
        yield place, f"compared with the code of commit {run['commit'][:12]}{changes}"
