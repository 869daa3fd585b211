"""A whole study through Snakemake, a cell of the paper's study, and what both were to cost."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import torch

from card.scale import Scale
from twotower.cost import probe, report
from twotower.cost.operations.arms import ARM_WORK
from twotower.cost.operations.fit_size import fits_of
from twotower.cost.operations.work import seconds
from twotower.data import ratings
from twotower.data.targets import draw_target
from twotower.study import grid, reading
from twotower.towers import training_job

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = shutil.ignore_patterns(".*", "results", "__pycache__")
LARGE = {
    "smoothness": 1.0,
    "user_intrinsic_dim": 2,
    "item_intrinsic_dim": 2,
    "user_ambient_dim": 2,
    "item_ambient_dim": 2,
    "noise_sd": 1.0,
    "depth": 1,
}
"""Settings of the cell of the paper's study that is fitted; it is one of "smoothness"."""


def tiny_study(scale: Scale, seconds: float) -> Iterator[str]:
    """Run the tiny study with `gpu: true` in a copy of the project, for so many seconds at most."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(shutil.copytree(ROOT, Path(folder) / "project", ignore=SKIPPED))
        study = project / "measured.yaml"
        text = (project / "workflow/studies/tiny.yaml").read_text(encoding="utf-8")
        study.write_text(f"{text}training: {{gpu: true}}\n", encoding="utf-8")
        made = report.plan(reading.read_study(study), probe.pace())
        planned = [job for job in made.listed if job.rule == "train"]
        command = [sys.executable, "-m", "snakemake"]
        if not scale.whole_study:
            planned = planned[:1]
            command += [f"results/runs/{planned[0].about.replace('-', '/')}.safetensors"]
        command += ["--workflow-profile", "profiles/gpu", "--config", "study=measured.yaml"]
        began = time.perf_counter()
        status, told = _ran(command, project, seconds - 3)
        wall = time.perf_counter() - began
        if status is None:
            yield f"Skipped: it was not over after {wall:.0f} s."
            return
        if status:
            last = "\n    ".join(told.strip().splitlines()[-15:])
            yield f"WRONG: Snakemake ended with status {status}:\n\n    {last}"
            return
        kept = project / "results/benchmarks/train"
        devices = Counter(row["device"] for path in kept.glob("*.csv") for row in _rows(path, ","))
        measured = [float(row["s"]) for path in kept.glob("*.tsv") for row in _rows(path, "\t")]
    named = ", ".join(f"{count} on {device}" for device, count in sorted(devices.items()))
    verdict = "" if set(devices) == {scale.device.type} else " WRONG: that is another device."
    what = "The tiny study" if scale.whole_study else "The first training job of the tiny study"
    yield f"{what}: {wall:.0f} s of wall time; fits: {named}.{verdict}\n"
    made = report.StudyCost(planned, made.pace)
    predicted = made.card_seconds() if scale.device.type == "cuda" else made.seconds()
    yield "| training jobs | predicted, s | measured, s | measured over predicted |"
    yield "| --- | --- | --- | --- |"
    ratio = sum(measured) / predicted
    yield f"| {len(measured)} | {predicted:.0f} | {sum(measured):.0f} | {ratio:.2f} |"


def _ran(command: list[str], project: Path, seconds: float) -> tuple[int | None, str]:
    """Status and last words of a command; None if it had to be ended, with all that it started.

    This process holds the card's lock, which lies in the folder for temporary files: the jobs get
    another one.
    """
    apart = project.parent / "tmp"
    apart.mkdir()
    run = subprocess.Popen(
        command,
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(apart)},
        start_new_session=True,
    )
    try:
        _, told = run.communicate(timeout=max(seconds, 1))
        return run.returncode, told
    except subprocess.TimeoutExpired:
        return None, ""
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()


def _rows(path: Path, separator: str) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=separator))


def large_cell(scale: Scale) -> Iterator[str]:
    """Fit `erm` to the largest sample of a cell with two dimensions, a block of replicates."""
    study = reading.read_study(ROOT / "workflow/studies/paper.yaml")
    run = next(
        run
        for run in grid.runs(study)
        if run.arm == "erm"
        and "smoothness" in run.cell.experiments
        and LARGE.items() <= {k: v for k, v in run.cell.spec.items() if k in LARGE}.items()
    )
    replicates, n = range(*study.blocks()[0]), scale.largest
    targets = {each: draw_target(study.seed, run.cell.data_spec, each) for each in replicates}
    data = ratings.draw_training(study.seed, run.cell.data_spec, targets, n)
    spec = {
        "seed": study.seed,
        "cell": run.cell.spec,
        "arm": run.arm,
        "settings": run.settings,
        "precision": run.precision,
        "gpu": scale.device.type == "cuda",
        "sample_sizes": [n],
        "certificate_sizes": [],
        "certificate_replicates": 0,
    }
    if scale.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    (result,) = training_job.train(spec, data, replicates)
    shape = (run.cell.spec, [n], len(replicates), run.precision)
    core, on_card = (
        seconds(ARM_WORK[run.arm](fits_of(*shape, device)[n], run.settings, False))
        for device in ("cpu", "cuda")
    )
    peak = "–"
    if scale.device.type == "cuda":
        peak = f"{torch.cuda.max_memory_allocated() / 2**30:.1f}"
    yield (
        f"Smoothness 1, two dimensions, width {result.width}, n = {n:,}, {len(replicates)} "
        f"networks, {run.precision}; mean training loss {result.training_loss.mean():.4f}.\n"
    )
    yield (
        "| predicted on a core, s | predicted on a card, s | measured, s | as so many cores, by "
        "matrices | peak memory, GiB |"
    )
    yield "| --- | --- | --- | --- | --- |"
    yield (
        f"| {core:.1f} | {on_card / report.CARD_SPEEDUP:.1f} | {result.seconds:.1f} "
        f"| {on_card / result.seconds:.1f} | {peak} |"
    )
