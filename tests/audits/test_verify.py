"""Verify on a finished, sealed and signed study: a cheat of each kind named, none imagined."""

import shutil
import subprocess
import time
from dataclasses import replace

import pytest
import warm_python

from cheats import CHEATS, MANIFEST, TABLE
from forging import AUTHORITY, SIGNER, SIGNERS, STUDY, copied, seal
from selftest import markdown, tried
from time_authority import NAME as AUTHORITY_NAME
from twotower.audits.seal import manifest
from twotower.audits.verify import verification
from twotower.base import places, safe_names
from twotower.records import environment, run_records

GONE = "results/tables/falsifiability.csv"


def make(study, script, *arguments):
    """What a script of the project says in the study's folder, and how it ends."""
    command = [warm_python.python(), f"scripts/{script}.py", *arguments]
    done = subprocess.run(command, cwd=study.folder, capture_output=True, encoding="utf-8")
    return done.returncode, done.stdout + done.stderr


OF_EACH_KIND = [
    "flipped bit", "removed table", "hidden file", "foreign checkpoint",  # results
    "whole chain", "swapped data and records", "two origins", "edited note of inputs",  # records
    "edited library and seal", "shadowing package", "changed rules and seal", "another run",  # code
    "one job with two threads", "edited lock and seal",  # environments
    "edited entry", "signature of another seal", "another root", "signed by another",  # the seal
    "backdated statement", "exchanged statement", "later statement",  # the statement before the run
    "study changed after the statement", "improved predictions", "stamp of another statement",
    # by an author who signs; in a clone
    "500 replicates", "claim with an index that fits", "values of the command line",
    "repeated replicate", "certificate that passes", "inputs of another cell",
    "record with words of its own", "changes that are others", "two runs of different statements",
    "sparse result", "linked result", "another kind", "excluded module", "shadowing by the path",
    "graph of other jobs", "ledger of other rules",
]  # fmt: skip
"""Of each module of cheats the hardest to see that the light study allows and no rerun is needed
for; `make audit-selftest` tries all."""


@pytest.mark.parametrize("name", OF_EACH_KIND)
def test_a_cheat_is_named(name, origin, tmp_path):
    (cheat,) = (each for each in CHEATS if each.name == name)
    outcome = tried(cheat, *cheat.caught_by, origin, tmp_path / "copy")
    assert outcome.named, outcome.said


def test_an_untouched_study_is_under_no_suspicion(origin, study):
    for folder in (origin.folder, study.folder):
        found = verification.verify(folder, folder / SIGNERS, manifest.read(folder).root)
        assert found.wrong() == {} and found.faults == [] and not found.failed
        assert found.root == found.sealed_root
        assert found.signature.words == f"signed by {SIGNER}"
    code, said = make(study, "verify", "--signers", SIGNERS)
    assert code == 0 and said.endswith("All as made and sealed.\n")


def test_a_folder_handed_over_without_its_project_is_under_no_suspicion(study, tmp_path):
    """An auditor's clone verifies it, with Snakemake's notes beside the results."""
    folder = tmp_path / "handed over"
    folder.mkdir()
    for name in ("results", ".snakemake"):
        (study.folder / name).rename(folder / name)
    found = verification.verify(folder, study.folder / SIGNERS, project=study.folder)
    assert found.wrong() == {} and found.faults == []


def test_a_copy_below_the_clone_is_held_against_the_clones_commit(origin, study, monkeypatch):
    """As an exported crate lies in the project's folder."""
    monkeypatch.setattr(places, "PROJECT", study.folder)
    below = copied(origin, study.folder / "results-crate")
    shutil.rmtree(below.folder / ".git")
    found = verification.verify(below.folder)
    assert not found.failed and not any("commit" in note for note in found.notes)
    below.replace("Makefile", "#", "# ")
    [(path, told)] = verification.verify(below.folder).wrong().items()
    assert path == "Makefile" and "it is not as in commit" in told.reason


def test_every_job_names_the_one_environment_and_the_run_its_commit(origin):
    used = {origin.record(path)["environment"] for path in tables_and_weights(origin)}
    assert len(used) == 1
    assert environment.read(used.pop(), origin.folder)["threads"] == 1
    (name,) = run_records.names(origin.folder)
    run = run_records.read(name, origin.folder)
    assert len(run["commit"]) == 40 and run["diff"] is None
    assert manifest.read(origin.folder).study["run"] == name


def test_what_was_stated_before_the_run_is_told(origin):
    """Signature and stamp count by whom the reader trusts; a run after it is no fault."""
    authorities = origin.folder / AUTHORITY / "root.pem"
    found = verification.verify(origin.folder, origin.folder / SIGNERS, authorities=authorities)
    assert not found.failed
    for words in (
        "statement: of study tiny, rules v3:",
        "by the clock of the machine; its SHA-256 is",
        "its predictions were computed again, and are the same",
        "the record of the run names it: the record is the later one",
        "results name it as well",
        f"statement: signed by {SIGNER}",
        f"statement: stamped by {AUTHORITY_NAME} at ",
        "statement: the first job began at ",
    ):
        assert sum(words in note for note in found.notes) == 1, words
    told = verification.verify(origin.folder).notes
    assert any("by the certificates that came with it; TSA_CA= names" in note for note in told)


def test_a_run_before_its_statement_is_told_and_not_sealed(study):
    """As if results had been moved away, the study stated, and the results moved back."""
    path = study.first("results/runs/*/0.safetensors")
    study.write_record(path, {k: v for k, v in study.record(path).items() if k != "statement"})
    found = verification.verify(study.folder)
    assert any(each.startswith(f"BEFORE: {path}: made before") for each in found.faults)
    code, said = make(study, "seal")
    assert code == 1 and f"BEFORE: {path}" in said
    code, said = make(study, "preregister", STUDY)
    assert code == 0 and "Nothing has changed: stated already" in said
    study.replace(STUDY, "seed: 1", "seed: 2")
    code, said = make(study, "preregister", STUDY)
    assert code == 0 and "It amends the statement" in said, "of another seed nothing has run"


def tables_and_weights(study):
    found = [*study.folder.glob("results/tables/*"), *study.folder.glob("results/runs/*/*")]
    return [path.relative_to(study.folder).as_posix() for path in found]


def test_sealing_again_gives_the_same_bytes_and_keeps_the_signature(study):
    before = study.read(MANIFEST), study.read(f"{MANIFEST}.sig")
    assert "is kept" in seal(study.folder).stdout
    assert (study.read(MANIFEST), study.read(f"{MANIFEST}.sig")) == before


def test_what_is_not_finished_and_sound_is_not_sealed(study):
    before = study.read(MANIFEST)
    study.flip(TABLE)
    (study.folder / GONE).unlink()
    study.write("results/tables/mine.csv", b"x")
    study.write("results/checkpoints/x", b"")
    study.replace("scripts/report/write_tables.py", '"""', '"""x')
    code, said = make(study, "seal")
    assert code == 1 and "Traceback" not in said
    for words in (
        f"{TABLE}: its bytes are not those that were recorded",
        f"{GONE}: it is gone",
        "results/tables/mine.csv: it has no record",
        "results/checkpoints/x: a checkpoint: its training has not ended",
        "results/tables/rates.md: Snakemake would make it anew",
    ):
        assert words in said
    assert study.read(MANIFEST) == before


def test_a_study_that_was_not_run_is_not_sealed(study):
    code, said = make(study, "seal", "config.yaml")
    assert code == 1 and "no run of all of this study" in said


def test_faults_are_told_in_a_line_each_and_end_with_1(study):
    study.flip(TABLE)
    code, said = make(study, "verify")
    assert code == 1 and "Traceback" not in said
    assert f"CHANGED    {TABLE}: sealed with" in said
    code, said = make(study, "verify", "--folder", "nowhere")
    told = "there is no such folder; allowed: the folder that holds results/"
    assert (code, said) == (1, f"FOLDER=nowhere: {told}.\n")
    code, said = make(study, "verify", "--signers", "nobody")
    assert (code, said) == (
        1,
        "SignatureError: nobody: there is no such file; allowed: a file of allowed signers\n",
    )


def test_a_root_may_be_noted_in_part_but_not_in_a_few_digits(study):
    root = manifest.read(study.folder).root
    assert not verification.verify(study.folder, root=root[:16].upper()).failed
    with pytest.raises(safe_names.NotedError, match="ROOT=.*: allowed: the 64"):
        verification.verify(study.folder, root=root[:8])
    assert "its root is" in verification.verify(study.folder, root="0" * 64).faults[0]


def test_results_without_their_project_and_notes_are_verified_by_a_clone(origin, study, tmp_path):
    """What an auditor gets: a folder results/, and a clone."""
    (tmp_path / "handed").mkdir()
    (study.folder / "results").rename(tmp_path / "handed" / "results")
    found = verification.verify(tmp_path / "handed", project=origin.folder)
    assert not found.failed, (found.wrong(), found.faults)
    assert any("notes are not here" in note for note in found.notes)


def test_the_table_of_cheats_in_the_docs_is_true():
    docs = (places.PROJECT / "docs/audits-cheats.md").read_text(encoding="utf-8")
    assert markdown() in docs, "python tests/audits/selftest.py --markdown"
    assert len({cheat.name for cheat in CHEATS}) == len(CHEATS) >= 25


def test_a_hundred_megabytes_a_second(tmp_path):
    """1 GB in 10 s is asked for; the best of some tries on a small part, if the machine is busy."""
    place = tmp_path / "results/data/a/ratings.safetensors"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"x" * 10**8)
    sealed = manifest.build(tmp_path, {"file": "study.yaml"}, tmp_path)
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        found = verification.examine(tmp_path, replace(sealed, study={}), tmp_path)
        seconds.append(time.perf_counter() - began)
    assert found.size == 10**8
    assert min(seconds) < 1


GARBAGE = [b"", b"\0\xff" * 50, b"[1, {}]", b"{}", b"null", b'{"a": ' * 5000]


def test_no_garbage_in_any_file_breaks_verify_or_passes(study):
    """A part of all files, each kind among them, one after the other."""
    notes = study.folder.glob(".snakemake/metadata/*")
    paths = [*manifest.read(study.folder).files, MANIFEST, f"{MANIFEST}.sig"]
    special = [path for path in paths if "/runs/" in path or "/environments/" in path]
    special += [MANIFEST, f"{MANIFEST}.sig", TABLE, STUDY, "workflow/decisions.yaml"]
    special += [note.relative_to(study.folder).as_posix() for note in notes][:3]
    for number, path in enumerate([*sorted(paths)[::50], *special]):
        before = study.read(path)
        study.write(path, GARBAGE[number % len(GARBAGE)])
        assert verification.verify(study.folder).failed, path
        study.write(path, before)
    assert not verification.verify(study.folder).failed


@pytest.mark.parametrize(
    "change", [{"inputs": []}, {"outputs": [1]}, {"rule": {}}, {"environment": 5}, {"sha256": None}]
)
def test_a_record_of_another_shape_is_none(study, change):
    study.write_record(TABLE, study.record(TABLE) | change)
    found = verification.verify(study.folder)
    assert found.files[study.record_path(TABLE)].verdict == "FORGED"
    assert found.files[TABLE].verdict == "UNRECORDED"
