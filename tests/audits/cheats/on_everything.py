"""Forgeries that are consistent in all that can be written: only a rerun tells."""

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from cheats.registry import STUDY, TABLE, cheat, forged_figure, with_values
from forging import Forgery
from twotower.base import files, tensors
from twotower.data import ratings, targets
from twotower.study import grid, reading


@cheat(audit="DIFFERENT")
def forged_verdict(study: Forgery) -> str:
    """A verdict is turned in all forms of the ledger, with records, notes and an unsigned seal."""
    study.edit_table(TABLE, lambda rows: with_values(rows, 0, verdict="holds"))
    study.replace("results/tables/claims.md", "not decided", "holds")
    study.replace("results/tables/claims.tex", "not decided", "holds")
    for path in (TABLE, "results/tables/claims.md", "results/tables/claims.tex"):
        study.re_record(path)
    study.re_chain(TABLE)
    study.re_note_inputs(TABLE)
    study.reseal()
    return TABLE


@cheat(audit="DIFFERENT")
def unsigned_figure(study: Forgery) -> str:
    """A figure is replaced with its record and an unsigned seal, no root was noted."""
    return forged_figure(study)


@cheat(audit="the study makes this file, but no job recorded it")
def vanished_figure(study: Forgery) -> str:
    """An unwelcome figure is gone with all that tells of it, and all is sealed anew, unsigned."""
    path = "results/figures/slope_comparison.png"
    for output in study.record(path)["outputs"]:
        for each in (study.note(output), study.record_path(output), output):
            (study.folder / each).unlink()
    study.reseal()
    return path


@cheat(audit="DIFFERENT")
def forged_weights(study: Forgery) -> str:
    """Weights are changed by a thousandth, with records, notes and an unsigned seal."""
    path = study.first("results/runs/*/0.safetensors")
    weights = {name: 1.001 * each for name, each in tensors.read(study.folder / path).items()}
    return _consistently(study, path, lambda place: tensors.write(place, weights))


@cheat(audit="DIFFERENT")
def forged_risks(study: Forgery) -> str:
    """The risks of a cell are halved, with records, notes and an unsigned seal."""
    path = study.first("results/risks/[0-9a-f]*.csv")
    risks = pd.read_csv(study.folder / path)
    halved = risks.assign(risk=risks["risk"] / 2)
    return _consistently(study, path, lambda place: files.write_csv(halved, place))


@cheat(audit="DIFFERENT")
def data_of_another_seed(study: Forgery) -> str:
    """A data set is drawn with another seed, with records, notes and an unsigned seal."""
    read = reading.read_study(study.folder / STUDY)
    cell = grid.cells(read)[0]
    spec, count = cell.data_spec, max(cell.sample_sizes)
    drawn = {each: targets.draw_target(2, spec, each) for each in range(read.replicates)}
    shapes = ratings.training_shapes(spec, read.replicates, count)

    def draw(place: Path) -> None:
        with tensors.writing(place, shapes) as columns:
            ratings.fill_training(columns, 2, spec, drawn, count)

    return _consistently(study, f"results/data/{cell.data_id}/ratings.safetensors", draw)


def _consistently(study: Forgery, path: str, write: Callable[[Path], None]) -> str:
    """Write a result anew, and make all that tells of it fit: records, notes, the seal."""
    place = study.folder / path
    times, before = os.stat(place), place.read_bytes()
    write(place)
    assert place.read_bytes() != before
    os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))
    study.re_record(path)
    study.re_chain(path)
    study.re_note_inputs(path)
    study.reseal()
    return path
