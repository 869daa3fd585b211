"""Cheats by files that are none, or that no end can be read of: nothing may hang or be believed."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

from authoring import planted_record, rerun, signed, unstated
from cheats.registry import MANIFEST, TABLE, cheat
from forging import Forgery
from twotower.audits.seal import manifest, sealed_files, signatures
from twotower.records import run_records
from twotower.running import statements

FIGURE = "results/figures/learning_curves.png"
HUGE = 8 * 10**12
NAMES = {
    "a look alike": "results/tables/сlaims.csv",  # its first letter is Cyrillic
    "another case": "results/tables/Claims.csv",
    "a name that rewrites the screen": "results/tables/x\x1b[2K\x1b[1A.csv",
    "a name from right to left": "results/tables/\u202evsc.smialc",
    "a name of two lines": "results/tables/a\nAll as made and sealed.\n.csv",
}


def sparse(place: Path, content: bytes = b"") -> None:
    """A file of 8 TB that takes no room; begins with some bytes."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    with place.open("wb") as file:
        file.write(content)
        file.truncate(HUGE)


def sealed_as(study: Forgery, path: str, **entry: object) -> None:
    """Have the signed seal say other things of a file than are so."""
    signed(study, study.sealed())
    sealed = manifest.read(study.folder)
    files = dict(sealed.files) | {path: replace(sealed.files[path], **entry)}
    rewritten(study, replace(sealed, files=files).text())


def rewritten(study: Forgery, text: str) -> None:
    """Another text of the manifest, signed."""
    study.write(MANIFEST, text.encode("ascii"))
    (study.folder / sealed_files.SIGNATURE).unlink(missing_ok=True)
    signatures.sign(
        study.folder / MANIFEST, study.folder / sealed_files.SIGNATURE, study.folder / "key"
    )


@cheat(clone="learning_curves.png: it has 8,000,000,000,000 bytes, of which the disk holds 0")
def sparse_result(study: Forgery) -> str:
    """A figure of 8 TB that takes no room, recorded and sealed with that size."""
    unstated(study)
    study.write_record(FIGURE, study.record(FIGURE) | {"bytes": HUGE})
    rerun(study, dict)
    sealed_as(study, FIGURE, bytes=HUGE)
    sparse(study.folder / FIGURE)
    return FIGURE


@cheat(clone="learning_curves.png: it has 8,000,000,000,000 bytes")
def sparse_result_of_a_small_record(study: Forgery) -> str:
    """The same, where record and seal have the size of before."""
    sparse(study.folder / FIGURE, study.read(FIGURE))
    return FIGURE


def sparse_place(
    name: str, words: str, pattern: str, said: str = "8,000,000,000,000 bytes"
) -> None:
    """Enter a cheat by which a file of evidence becomes one of 8 TB."""

    def act(study: Forgery) -> str:
        path = study.first(pattern)
        sparse(study.folder / path, study.read(path))
        return path

    act.__doc__, act.__name__ = words, name
    cheat(clone=said)(act)


sparse_place("sparse_record", "A job's record has 8 TB.", "results/records/tables/claims.csv.json")
sparse_place("sparse_run", "The record of the run has 8 TB.", "results/records/runs/*.json")
sparse_place("sparse_environment", "The record of an environment has 8 TB.",
             "results/records/environments/*.json")  # fmt: skip
sparse_place("sparse_seal", "The manifest has 8 TB.", MANIFEST)
sparse_place("sparse_signature", "The signature has 8 TB.", f"{MANIFEST}.sig")
sparse_place("sparse_stamp", "The time stamp of the statement has 8 TB.",
             (statements.STATED / statements.TOKEN).as_posix())  # fmt: skip
sparse_place("sparse_statement", "The statement has 8 TB.",
             (statements.STATED / statements.NAME).as_posix())  # fmt: skip
sparse_place("sparse_note", "A note of Snakemake has 8 TB.", ".snakemake/metadata/*",
             "cannot be read")  # fmt: skip
sparse_place("sparse_code", "A file of code has 8 TB.", "scripts/twotower/rates/slopes.py")


def piped(name: str, words: str, pattern: str, said: str = "a pipe: it was not read") -> None:
    """Enter a cheat by which a file becomes a pipe that nobody writes into."""

    def act(study: Forgery) -> str:
        path = study.first(pattern)
        (study.folder / path).unlink()
        os.mkfifo(study.folder / path)
        return path

    act.__doc__, act.__name__ = words, name
    cheat(clone=said)(act)


piped("piped_result", "A figure is a pipe.", FIGURE)
piped("piped_record", "A job's record is a pipe.", "results/records/tables/claims.csv.json")
piped("piped_run", "The record of the run is a pipe.", "results/records/runs/*.json")
piped("piped_seal", "The manifest is a pipe.", MANIFEST)
piped("piped_signature", "The signature is a pipe.", f"{MANIFEST}.sig")
piped("piped_statement", "The statement is a pipe.",
      (statements.STATED / statements.NAME).as_posix())  # fmt: skip
piped("piped_note", "A note of Snakemake is a pipe.", ".snakemake/metadata/*", "cannot be read")


@cheat(clone=FIGURE)
def endless_result(study: Forgery) -> str:
    """A figure is a link to a device that never ends."""
    (study.folder / FIGURE).unlink()
    (study.folder / FIGURE).symlink_to("/dev/zero")
    return FIGURE


@cheat(clone=TABLE)
def folder_in_place_of_a_file(study: Forgery) -> str:
    """The ledger is a folder."""
    (study.folder / TABLE).unlink()
    (study.folder / TABLE).mkdir()
    return TABLE


@cheat(clone="results/figures")
def folder_elsewhere(study: Forgery) -> str:
    """The folder of figures is a link to one outside, which changes when it pleases."""
    elsewhere = study.folder.parent / f"{study.folder.name}-figures"
    shutil.rmtree(elsewhere, ignore_errors=True)
    shutil.move(study.folder / "results/figures", elsewhere)
    (study.folder / "results/figures").symlink_to(elsewhere)
    return ""


@cheat(told="results/figures/learning_curves.png: a link to a file outside")
def linked_result(study: Forgery) -> str:
    """A figure is a link to one outside the folder, with the right bytes for now."""
    elsewhere = study.folder.parent / f"{study.folder.name}-figure.png"
    elsewhere.write_bytes(study.read(FIGURE))
    (study.folder / FIGURE).unlink()
    (study.folder / FIGURE).symlink_to(elsewhere)
    return FIGURE


def named_alike(name: str, path: str) -> None:
    """Enter a cheat by which a table of an odd name is sealed, with a record."""

    def act(study: Forgery) -> str:
        unstated(study)
        study.write(path, b"claim,verdict\n1,holds\n")
        planted_record(study, path, TABLE)
        rerun(study, dict)
        return path

    act.__doc__ = f"A table is sealed and recorded beside the ledger, under {name}."
    act.__name__ = name.replace(" ", "_")
    unasked, unsafe = "no study that was run here asks for it", "its name cannot be sealed"
    cheat(clone=unasked if path.isprintable() else unsafe)(act)


for each, odd in NAMES.items():
    named_alike(each, odd)


@cheat(clone="results/records/why.txt: no job recorded this file")
def hidden_beside_records(study: Forgery) -> str:
    """A file that is no record lies among the records, sealed."""
    study.write("results/records/why.txt", b"all is well\n")
    signed(study, study.sealed())
    return "results/records/why.txt"


@cheat(clone="results/tables/better.csv: no job recorded this file")
def stray_result_sealed(study: Forgery) -> str:
    """A table that no job made is sealed among the results."""
    study.write("results/tables/better.csv", b"claim,verdict\n1,holds\n")
    signed(study, study.sealed())
    return "results/tables/better.csv"


@cheat(clone="a checkpoint, which no finished study has")
def checkpoint_sealed(study: Forgery) -> str:
    """A checkpoint is sealed among the results."""
    run = study.first("results/runs/*/0.safetensors").split("/")[2]
    path = f"results/checkpoints/{run}-0.safetensors"
    study.write(path, study.read(study.first("results/runs/*/0.safetensors", 1)))
    signed(study, study.sealed())
    return path


@cheat(clone="results/older/claims.csv: no study that was run here asks for it")
def another_studys_results_beside(study: Forgery) -> str:
    """A folder of results of another study, with records, lies in these results, sealed."""
    unstated(study)
    path = "results/older/claims.csv"
    study.write(path, study.read(TABLE))
    planted_record(study, path, TABLE)
    rerun(study, dict)
    return path


@cheat(clone="results/records/runs/5555555555555555.diff: no job recorded")
def changes_that_no_run_names(study: Forgery) -> str:
    """A file of uncommitted changes lies beside the run's record, which names none; sealed."""
    path = (run_records.RUNS / f"{'5' * 16}.diff").as_posix()
    study.write(path, b"--- a/x\n+++ b/x\n")
    signed(study, study.sealed())
    return path
