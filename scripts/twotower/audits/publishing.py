"""A finished study's tables, figures and risks, with a note that says where they come from."""

import datetime
import shutil
from pathlib import Path

import pandas as pd

from twotower.audits.rerun import clone
from twotower.audits.verify import verification
from twotower.base import commands, files, places, safe_names, words
from twotower.base.errors import ExpectedError
from twotower.records import run_records
from twotower.study import reading

FINDINGS = Path("docs/findings")
"""Holds a folder for each published study, of the study's name."""
TABLES = Path("results/tables")
FIGURES = Path("results/figures")
LARGE = ("losses.csv", "certificates.csv", "predictions.csv")
"""A row for each replicate: they stay in results/. Predictions are published before the study."""

NOTE = "PROVENANCE.md"
PREDICTIONS = "predictions.csv"  # made before the run: of results/tables, kept beside the note
RISK_KEYS = ["experiment", "cell", "arm", "start", "n_ratings", "replicate"]
RISK_VALUES = ["risk", "predicted_risk"]
SHOWN = 10  # faults that are spelled out
SAME = 1e-6  # relative: other kinds of processors gave predictions that differ by up to 1.5e-7


class PublishError(ExpectedError):
    """What there is cannot be published; the message says why, and what to do first."""


def publish(study: str, folder: Path | None = None) -> Path:
    """Replace tables/, figures/ and PROVENANCE.md in a folder by those of results/.

    tables/risks.csv holds every risk of results/rates/, by replicate, and tables/approximation.csv
    the rates of experiments over hidden units. Predictions made before the run, `predictions.csv`
    in the folder, are never replaced: those of the run must be the same.

    Args:
        study: path of the study's file, as its results were made from.
        folder: absent, empty, or one that an earlier call wrote: others are not overwritten. By
            default the folder of the study's name in `FINDINGS`.

    Returns:
        The folder.

    Raises:
        PublishError: if there are no finished results, or of another study; if not all is as the
            run made it, or the run had no commit, or changes beyond it; if `folder` holds something
            else, or other predictions.
        StudyError: if no folder is named and the study cannot be read.
    """
    if not (TABLES / "claims.csv").exists():
        anew = commands.make(STUDY=study)
        raise PublishError(f"there is no ledger of claims yet: run `{anew}` first")
    folder = folder or FINDINGS / reading.read_study(study).name
    _check_folder(folder)
    commit, root, asked = _origin(study)
    _keep_predictions(folder)
    kept_in_results = (*LARGE, PREDICTIONS)
    for part, found in {
        "tables": [
            path
            for path in sorted(TABLES.iterdir())
            if path.name not in kept_in_results and not safe_names.is_left(path.name)
        ],
        "figures": [*sorted(FIGURES.glob("*.png"))],
    }.items():
        shutil.rmtree(folder / part, ignore_errors=True)
        (folder / part).mkdir(parents=True)
        for path in found:
            shutil.copyfile(path, folder / part / path.name)
    rates = [each for each in _of_experiments("rates") if "units_max" in each]
    if rates:  # over hidden units: tables/rates.csv has none of them
        files.write_csv(pd.concat(rates), folder / "tables" / "approximation.csv")
    if tables := _of_experiments("risks"):
        files.write_csv(risks(tables), folder / "tables" / "risks.csv")
    made = datetime.datetime.fromtimestamp((TABLES / "claims.csv").stat().st_mtime, datetime.UTC)
    (folder / NOTE).write_text(
        f"""# Where these tables and figures come from

- command: `{commands.make(STUDY=study)}`, then `{commands.make("findings", STUDY=study)}`
- commit: `{commit}`
- date: {made:%Y-%m-%d}, UTC
- run: {asked}
{f"- root: `{root}`" if root else "- not sealed"}
""",
        encoding="utf-8",
    )
    return folder


def _of_experiments(name: str) -> list[pd.DataFrame]:
    """A table of each experiment that has it, in the order of their names."""
    return [pd.read_csv(path) for path in sorted(Path("results/rates").glob(f"*/{name}.csv"))]


def risks(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Every risk of tables of risks: columns `RISK_KEYS` and `RISK_VALUES`, sorted by the keys.

    Risks have six significant digits; a table without predictions has none (NaN).
    """
    columns = [*RISK_KEYS, *RISK_VALUES]
    joined = pd.concat([table.reindex(columns=columns) for table in tables])
    joined = joined.sort_values(RISK_KEYS, kind="stable", ignore_index=True)
    for name in RISK_VALUES:
        joined[name] = [float(f"{value:.6g}") for value in joined[name]]
    return joined


def _keep_predictions(folder: Path) -> None:
    """Take the run's predictions where none were published before; else they must be the same."""
    made, kept = TABLES / PREDICTIONS, folder / PREDICTIONS
    if not made.exists():
        return
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made, kept)
        return
    before, after = pd.read_csv(kept), pd.read_csv(made)
    try:
        pd.testing.assert_frame_equal(before, after, check_exact=False, rtol=SAME, atol=0.0)
    except AssertionError as error:
        differs = " ".join(str(error).split())
        raise PublishError(
            f"{made} differs from {kept}, which was published before the run ({differs}); "
            "predictions are never replaced: run the study that they were made for"
        ) from None


def _origin(study: str) -> tuple[str, str, str]:
    """The commit of the run that made these results, the root of their seal ("" without one), and
    what the run was asked for.

    All of it must be as that run made it: what is copied stands under this commit's name.
    """
    anew = f"`{commands.make(STUDY=study)}`"
    sealed, name, run = clone.run_of(Path())
    if run is None:
        raise PublishError(
            f"{run_records.RUNS} holds no valid record of the run that made these results: run "
            f"{anew}"
        )
    if (made := run["study"]["file"]) != places.name(study):
        raise PublishError(f"these results are of another study, {made}: run {anew}")
    if run["commit"] is None or run["diff"]:
        lacks = (
            f"changes that no commit holds, {run['diff']['file']}" if run["diff"] else "no commit"
        )
        raise PublishError(
            f"run {name} recorded {lacks}; findings name the commit that makes them again: commit "
            f"all code, and run {anew}"
        )
    found = verification.verify()
    wrong = [f"  {each.verdict} {path}: {each.reason}" for path, each in found.wrong().items()]
    wrong += [f"  {fault}" for fault in found.faults if fault != verification.UNSEALED]
    if wrong:
        told = "these results are not published, since not all is as the run made it:"
        hint = "`make verify` lists every fault, `make resume` makes anew what changed."
        raise PublishError("\n".join([told, *words.shortened(wrong, SHOWN), hint]))
    return run["commit"], sealed.root if sealed else "", found.run


def _check_folder(folder: Path) -> None:
    """Its tables/ and figures/ will be removed: only those written here may be there."""
    if folder.exists() and not folder.is_dir():
        raise PublishError(
            f"{folder}: this is a file; allowed: a folder, such as {FINDINGS}/default"
        )
    present = [part for part in ("tables", "figures") if (folder / part).exists()]
    if present and not (folder / NOTE).exists():
        found = f"{folder}/{present[0]} is there and was not written by this command"
        raise PublishError(f"{found}; allowed: a new folder, or one that it wrote")
