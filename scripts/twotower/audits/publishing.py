"""A finished study's tables and figures, copied with a note that says where they come from."""

import datetime
import shlex
import shutil
from pathlib import Path

import pandas as pd

from twotower.audits.seal import sealed_files
from twotower.base import commands
from twotower.base.errors import ExpectedError
from twotower.records import git

TABLES = Path("results/tables")
FIGURES = Path("results/figures")
LARGE = ("losses.csv", "certificates.csv", "predictions.csv")
"""A row for each replicate: they stay in results/. Predictions are published before the study."""

NOTE = "PROVENANCE.md"


class PublishError(ExpectedError):
    """What there is cannot be published; the message says why, and what to do first."""


def publish(study: str, folder: Path) -> None:
    """Replace tables/, figures/ and PROVENANCE.md in `folder` by those of results/.

    Args:
        study: path of the study's file, as its results were made from.
        folder: absent, empty, or one that an earlier call wrote: others are not overwritten.

    Raises:
        PublishError: if no study is named; if there are no finished results, or of another study;
            if git does not know the commit, or there are changes that none holds; if `folder` holds
            something else.
    """
    _check_results(study)
    _check_folder(folder)
    project = sealed_files.project_of(Path())
    try:
        commit = git.commit(project)
        changed = git.changed(project, ":!docs")
    except git.GitError as error:
        raise PublishError(f"git does not tell the commit of these results: {error}") from None
    if changed:
        lines = "\n".join(changed)
        raise PublishError(f"there are changes that no commit holds, commit them first:\n{lines}")
    for part, files in {
        "tables": [path for path in sorted(TABLES.iterdir()) if path.name not in LARGE],
        "figures": [*sorted(FIGURES.glob("*.png"))],
    }.items():
        shutil.rmtree(folder / part, ignore_errors=True)
        (folder / part).mkdir(parents=True)
        for path in files:
            shutil.copyfile(path, folder / part / path.name)
    units = Path("results/rates/approximation/rates.csv")  # its axis is not that of rates.csv
    if units.exists():
        shutil.copyfile(units, folder / "tables" / "approximation.csv")
    made = datetime.datetime.fromtimestamp((TABLES / "claims.csv").stat().st_mtime, datetime.UTC)
    (folder / NOTE).write_text(
        f"""# Where these tables and figures come from

- command: `{commands.make(STUDY=study)}`, then `{commands.make("findings", STUDY=study)}`
- commit: `{commit}`
- date: {made:%Y-%m-%d}, UTC
""",
        encoding="utf-8",
    )


def _check_results(study: str) -> None:
    if not study:
        raise PublishError("STUDY= is empty; allowed: the study file whose results these are")
    ledger = TABLES / "claims.csv"
    anew = f"run `{commands.make(STUDY=study)}`"
    if not ledger.exists():
        raise PublishError(f"there is no ledger of claims yet: {anew} first")
    try:
        made_by = pd.read_csv(ledger)["command"].dropna().astype(str)
    except (ValueError, KeyError) as error:
        text = f"{ledger}: not the table that a study wrote ({error}); `make resume` makes it anew"
        raise PublishError(text) from None
    option = f" --config {shlex.quote(commands.config('study', study))}"
    if study != "config.yaml" and not made_by.str.endswith(option).any():
        raise PublishError(f"{ledger} is of another study than {study}: {anew}")


def _check_folder(folder: Path) -> None:
    """Its tables/ and figures/ will be removed: only those written here may be there."""
    if folder.exists() and not folder.is_dir():
        raise PublishError(f"{folder}: this is a file; allowed: a folder, such as docs/findings")
    present = [part for part in ("tables", "figures") if (folder / part).exists()]
    if present and not (folder / NOTE).exists():
        found = f"{folder}/{present[0]} is there and was not written by this command"
        raise PublishError(f"{found}; allowed: a new folder, or docs/findings")
