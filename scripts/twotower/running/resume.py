"""Carry on after a fault: no process at work, no lock, no half-made file, no changed result."""

import os
import subprocess
import sys
import time
from pathlib import Path

from twotower.base import errors, places, words
from twotower.records import last_run, run_records
from twotower.running import processes, slurm, statements, survey

SHOWN = 10  # files that a message names; of the others it says how many
MOST_TARGETS = 5000  # of one command: a system's limit is about ten times as long


class ResultsChangedError(errors.ExpectedError):
    """Results whose bytes are not those that were made."""


class SnakemakeError(errors.ExpectedError):
    """Snakemake cannot read the study or the workflow."""


def check() -> list[str]:
    """Check the results before a run; returns lines about files of unknown origin.

    Sets the times of results right, and removes nothing.

    Raises:
        ResultsChangedError: if results changed since they were made.
    """
    found = survey.survey()
    if found.changed:
        lines = words.shortened(
            [f"  {path}: {why}" for path, why in sorted(found.changed.items())], SHOWN
        )
        raise ResultsChangedError(
            f"results/ holds {_files(found.changed)} in another state than when made:\n"
            + "\n".join(lines)
            + "\n`make resume` makes them anew; nothing has been removed yet."
        )
    survey.settle_times(found)
    if not found.unrecorded:
        return []
    lines = words.shortened([f"  {path}" for path in found.unrecorded], SHOWN)
    ask = "If this study makes them, `make resume` makes them anew; if they are yours, all is well."
    return [f"{_files(found.unrecorded)} of unknown origin in results/:", *lines, ask, ""]


def mend(folder: Path, about: list[str]) -> tuple[list[str], list[list[str]]]:
    """Make the folder fit for a run of the study that Snakemake's options `about` name.

    Returns:
        Lines that say what was done; and the outputs of the study that were removed, in layers for
        `remake`.

    Raises:
        BusyError: if jobs cannot be stopped, or Slurm does not name them.
        SnakemakeError: with Snakemake's own words, if the study cannot be planned.
        StatementError: if a statement before the run is damaged, and not in the results alone.
    """
    done = [f"Stopped {job}, left by a killed run." for job in processes.stop_jobs(folder)]
    done += [f"Cancelled Slurm job {job}." for job in slurm.cancel(folder)]
    if processes.locked(folder):
        _snakemake("--unlock", *about)
        done.append("Unlocked this folder.")
    done += [f"Removed {path}, half written." for path in survey.remove_temporary()]
    done += [f"Removed {path}, which cannot be read." for path in survey.remove_unreadable_notes()]
    ran = run_records.read(last_run.record(folder) or "") or {}
    back = statements.restore(places.PROJECT, ran.get("statement"))
    done += [f"Brought {path} back, as it was stated." for path in back]
    rows = summary(about)
    planned = {row["output_file"] for row in rows}
    noted = {row["output_file"] for row in rows if row["log-file(s)"] != "-"}
    began = time.perf_counter()
    found = survey.survey()
    seconds = time.perf_counter() - began
    done.append(f"Checked {_files(found.known)}, {found.size / 1e6:,.1f} MB, in {seconds:.1f} s.")
    unsound = survey.unsound(found, planned, noted)
    size = survey.remove(unsound)
    survey.settle_times(survey.without(found, unsound))
    survey.remove_spent_checkpoints(found)
    if unsound:
        done.append(f"Removed {_files(unsound)} ({size:,} bytes), to be made anew:")
        beyond = {path: "" if path in planned else " (of another run)" for path in unsound}
        done += words.shortened(
            [f"  {path}: {why}{beyond[path]}" for path, why in unsound.items()], SHOWN
        )
    else:
        done.append("All files are as they were made.")
    return done, survey.layers(found, [path for path in unsound if path in planned])


def remake(layers: list[list[str]], about: list[str]) -> None:
    """Have Snakemake make removed outputs again before all else, and no later result with them.

    Left to itself, Snakemake would not make an output whose later results are all there. Once it
    made the output, it would make the later results too. By their records the outputs come out
    with the same bytes. So times are set to say that, after each layer: the next layer reads it.

    Raises:
        SnakemakeError: if a job fails; Snakemake has printed the reason.
    """
    for layer in layers:
        for first in range(0, len(layer), MOST_TARGETS):
            if run(*layer[first : first + MOST_TARGETS], *about, last=False):
                raise SnakemakeError("a job failed, see above")
        survey.settle_times(survey.survey())


def run(*arguments: str, last: bool = True) -> int:
    """Run Snakemake with what survived; returns its exit status.

    Only the last run shows results, and only the last run is noted for `make resume`.

    Raises:
        KeyboardInterrupt: after Ctrl-C. Snakemake gets it too; this waits until Snakemake has
            ended its jobs and removed its lock.
    """
    command = [sys.executable, "-m", "snakemake", *arguments, "--rerun-incomplete"]
    environment = os.environ | ({} if last else {"SHOW_RESULTS": "no", "NOTE_RUN": "no"})
    process = subprocess.Popen(command, env=environment)
    stopped = False
    while True:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            stopped = True
            continue
        if stopped:
            raise KeyboardInterrupt
        return status


def summary(about: list[str]) -> list[dict[str, str]]:
    """Snakemake's summary of a plan: a row for each output, by the names of its columns.

    Raises:
        SnakemakeError: with Snakemake's own words, if the study cannot be planned.
    """
    lines = _snakemake("--summary", "--rerun-incomplete", *about).splitlines()
    names = next((line.split("\t") for line in lines if line.startswith("output_file\t")), [])
    split = [row for line in lines if (row := line.split("\t")) != names]
    return [dict(zip(names, row, strict=True)) for row in split if len(row) == len(names)]


def _snakemake(*arguments: str) -> str:
    command = [sys.executable, "-m", "snakemake", *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    if done.returncode != 0:
        raise SnakemakeError(done.stderr.strip() or f"it ended with code {done.returncode}")
    return done.stdout


def _files(paths) -> str:
    return words.count(len(paths), "file")
