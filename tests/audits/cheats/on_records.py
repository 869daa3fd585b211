"""Cheats on records, and on the notes that Snakemake keeps."""

from cheats.on_results import swapped_data
from cheats.registry import cheat, with_values
from forging import Forgery


@cheat(verify="no job recorded this file")
def removed_record(study: Forgery) -> str:
    """A job's record is removed."""
    path = study.first("results/risks/[0-9a-f]*.csv")
    (study.folder / study.record_path(path)).unlink()
    return path


@cheat(verify="its digest does not match its content")
def edited_record(study: Forgery) -> str:
    """A record's size is edited, its own digest is not."""
    path = study.record_path(study.first("results/risks/[0-9a-f]*.csv"))
    study.replace(path, '"bytes": ', '"bytes": 1')
    return path


@cheat(verify="it agrees with its record, but")
def file_and_record(study: Forgery) -> str:
    """A risk is edited together with its record."""
    path = study.first("results/risks/[0-9a-f]*.csv")
    study.edit_table(path, lambda rows: with_values(rows, 0, risk="0.01"))
    study.re_record(path)
    return path


@cheat(verify="other bytes were sealed: both were changed")
def whole_chain(study: Forgery) -> str:
    """A risk is edited, its record and those of all that was made of it; not the seal."""
    path = file_and_record(study)
    study.re_chain(path)
    return path


@cheat(verify="recorded other bytes for it")
def file_record_and_seal(study: Forgery) -> str:
    """A risk is edited together with its record, and sealed anew; what was made of it is not."""
    path = file_and_record(study)
    study.reseal()
    return path


@cheat(verify="recorded other bytes for it")
def swapped_data_and_records(study: Forgery) -> str:
    """The ratings of two cells are swapped, their records made to fit, all sealed anew."""
    path = swapped_data(study)
    for each in (0, 1):
        study.re_record(study.first("results/data/*/ratings.safetensors", each))
    study.reseal()
    return path


@cheat(verify="it is the record of")
def moved_record(study: Forgery) -> str:
    """A cell's risks and their record are put in the place of another cell's, all sealed anew."""
    one, other = (study.first("results/risks/[0-9a-f]*.csv", each) for each in (0, 1))
    study.write(other, study.read(one))
    study.write(study.record_path(other), study.read(study.record_path(one)))
    study.reseal()
    return study.record_path(other)


@cheat(verify="it disagrees with the record of")
def two_origins(study: Forgery) -> str:
    """Of two outputs of one job one is told to have had other settings, all sealed anew."""
    path = study.first("results/runs/*/0.safetensors")
    study.write_record(path, study.record(path) | {"settings": "0" * 64})
    study.reseal()
    return study.record_path(path)


@cheat(verify="the settings differ")
def edited_note_of_settings(study: Forgery) -> str:
    """In Snakemake's note of a data set another seed stands."""
    path = study.first("results/data/*/ratings.safetensors")
    return study.edit_note(
        path, lambda note: note | {"params": [note["params"][0].replace("'seed': 1", "'seed': 2")]}
    )


@cheat(verify="recorded")
def edited_note_of_inputs(study: Forgery) -> str:
    """In Snakemake's note of weights other ratings stand."""
    path = study.first("results/runs/*/0.safetensors")
    return study.edit_note(
        path, lambda note: note | {"input_checksums": dict.fromkeys(note["input"], "sha256:00")}
    )


@cheat(verify="the rule is")
def edited_note_of_the_rule(study: Forgery) -> str:
    """Snakemake's note of a figure names another rule."""
    path = "results/figures/error_budget.pdf"
    return study.edit_note(path, lambda note: note | {"rule": "train"})
