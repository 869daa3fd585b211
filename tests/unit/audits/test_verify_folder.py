"""What a hostile folder cannot do to who verifies it: folders by hand, no study is run."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from twotower.audits.seal import manifest
from twotower.audits.verify import commit, environments, findings, snakemake_notes, verification
from twotower.audits.verify.evidence import Evidence, gather
from twotower.audits.verify.findings import Verification
from twotower.base import identity, places
from twotower.records import environment, job_records
from twotower.records.reading import canonical

TABLE = "results/tables/a.csv"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with one recorded result, its environment, and a project without rules."""
    monkeypatch.chdir(tmp_path)
    Path(TABLE).parent.mkdir(parents=True)
    Path(TABLE).write_text("a\n1\n")
    for path in ("Snakefile", "workflow/rules/all.smk"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()
    used = environment.save(json.loads(json.dumps(environment.current())))
    job_records.write(TABLE, made_from(used))
    return tmp_path


def made_from(used):
    return {"rule": "do", "code": "c", "settings": job_records.settings_digest({"seed": 1}),
            "inputs": {}, "outputs": [TABLE], "environment": used}  # fmt: skip


def with_a_rule():
    Path("workflow/rules/all.smk").write_text(
        'rule do:\n    script:\n        "../../scripts/do.py"\n'
    )


def checked(part):
    result = Verification()
    part.check(gather(Path(), Path(), None), result)
    return result


def test_no_git_of_the_folder_is_asked(folder, monkeypatch):
    """Its settings name a program that git runs where a commit is not there."""
    subprocess.run(["git", "init", "-q", "."], check=True)
    Path("evil.sh").write_text("#!/bin/sh\ntouch ran\n")
    os.chmod("evil.sh", 0o755)
    for key, value in {
        "core.repositoryFormatVersion": "1", "extensions.partialClone": "origin",
        "remote.origin.url": str(folder), "remote.origin.promisor": "true",
        "remote.origin.uploadpack": str(folder / "evil.sh"), "core.fsmonitor": "./evil.sh",
    }.items():  # fmt: skip
        subprocess.run(["git", "config", key, value], check=True)
    run = {"commit": "1" * 40, "diff": None, "study": {"file": "study.yaml"}}
    study = {"file": "study.yaml", "settings": "0" * 64, "run": "0" * 16}
    sealed = manifest.Manifest(study, (), (), {})
    evidence = Evidence(folder, folder, sealed, runs={"0" * 16: run})
    for clone in (places.PROJECT, folder):  # even where it is one's own
        monkeypatch.setattr(places, "PROJECT", clone)
        result = Verification()
        commit.check(evidence, result)
        [note] = result.notes
        assert note.startswith("the code was not compared with commit 111111111111, of the run: ")
    assert not Path("ran").exists()


def test_what_is_no_ordinary_file_is_told_and_not_opened(folder):
    os.mkfifo(job_records.record_path("results/tables/b.csv"))
    os.mkfifo("results/tables/c.csv")
    os.symlink("nowhere", "results/checkpoints")
    Path(os.fsdecode(b"results/tables/\xff.csv")).touch()
    Path("workflow/rules/odd.smk").write_bytes(b"\xff")
    found = verification.examine(Path(), None, Path()).wrong()
    for path, words in {
        "results/records/tables/b.csv.json": "a pipe",
        "results/tables/c.csv": "a pipe",
        "results/checkpoints": "a link that leads nowhere",
        "results/tables/\udcff.csv": "its name cannot be sealed",
    }.items():
        assert found[path].verdict == "UNREAD" and found[path].reason.startswith(words)


@pytest.mark.parametrize("path", ["Snakefile", "workflow/rules/all.smk", "workflow/decisions.yaml",
                                  "envs/requirements.txt", "scripts/twotower/library.py",
                                  "results/seal/manifest.json", "results/seal/manifest.json.sig",
                                  TABLE, ".snakemake/metadata/YQ=="])  # fmt: skip
def test_a_pipe_anywhere_stops_nothing(folder, path):
    for name, text in {
        "scripts/do.py": "import twotower.library",
        "scripts/twotower/__init__.py": "",
        "workflow/rules/all.smk": 'rule do:\n    script:\n        "../../scripts/do.py"\n',
    }.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).unlink(missing_ok=True)
    os.mkfifo(path)
    signal.alarm(60)  # ends the process; a pipe that is opened would wait for good
    try:
        assert verification.verify(Path(), project=Path()).failed
    finally:
        signal.alarm(0)


def test_a_record_with_another_size_is_told(folder):
    path = job_records.record_path(TABLE)
    record = job_records.read(TABLE) | {"bytes": 5}
    content = record | {"record": identity.digest(record).hex()}
    path.write_text(canonical.text(content, 2))
    found = verification.examine(Path(), None, Path()).files[path.as_posix()]
    assert found.verdict == "FORGED" and "has 5 bytes, it has 4" in found.reason


def test_a_job_that_used_a_card_is_told(folder):
    card = environment.current() | {"gpus": ["card"]}
    for name in ("b", "c"):
        other = f"results/tables/{name}.csv"
        Path(other).write_text(name)
        used = environment.save(card) if name == "c" else job_records.read(TABLE)["environment"]
        job_records.write(other, made_from(used) | {"outputs": [other]})
    found = checked(environments).wrong()
    assert list(found) == [other]
    assert found[other].reason == "made with a graphics card, unlike most of the rule do"


ELSE = {"a.pth": {"sha256": "1" * 64, "of": ""}, "LD_PRELOAD b.so": {"sha256": "", "of": ""}}


@pytest.mark.parametrize("change, words", [
    ({"stream": ["0x1.0p+0"]}, "its random stream begins with 0x1.0p+0, the known one with 0x1.01"),
    ({"startup": ELSE}, "there ran LD_PRELOAD b.so (not found), a.pth (111111111111)"),
])  # fmt: skip
def test_what_else_ran_and_another_random_stream_are_faults(folder, change, words):
    used = environment.save(environment.current() | {"startup": {}} | change)
    job_records.write(TABLE, made_from(used))
    [fault] = [each for each in checked(environments).faults if words in each]
    assert fault.startswith(f"environment {used} of {TABLE}: ")


def test_a_hook_of_a_package_beside_the_lock_is_a_note_and_so_is_an_older_environment(folder):
    now = environment.current()
    old = {key: value for key, value in now.items() if key != "startup"}
    hook = {"cover.pth": {"sha256": "1" * 64, "of": "coverage"}}
    for used, words in (
        (old, "an older one, which does not say what ran as Python started"),
        (now | {"startup": hook}, "packages that no lock pins ran cover.pth (111111111111)"),
    ):
        job_records.write(TABLE, made_from(environment.save(used)))
        found = checked(environments)
        assert any(note.endswith(words) for note in found.notes)
        assert not any("ran" in fault for fault in found.faults)


@pytest.mark.parametrize("params, words", [
    (["{'code': 'c', 'seed': 1}"], ""),
    (["{'code': 'c', 'seed': 2}"], "the settings differ"),
    (["{'code': 'c', 'seed': f(x)}"], "its settings cannot be read"),
    ([], "its settings cannot be read"),
])  # fmt: skip
def test_settings_of_a_note_are_read_or_the_note_is_told(folder, params, words):
    import base64

    note = {"rule": "do", "code": "", "input": [], "params": params}
    place = snakemake_notes.NOTES / base64.b64encode(TABLE.encode(), b"-_").decode()
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(note))
    found = checked(snakemake_notes).files[place.as_posix()]
    assert (found.verdict == "OK") == (not words) and words in found.reason


def test_words_of_others_do_not_steer_the_terminal():
    found = Verification()
    found.add("results/x\n\x1b[2JAll as made\udcff", "EXTRA", "")
    found.faults.append("\x1b[H")
    text = findings.text(found, 0.0)
    assert r"results/x\n\x1b[2JAll as made\udcff" in text and "\x1b" not in text
    text.encode("utf-8")


def test_a_file_much_larger_than_was_sealed_is_not_read(folder):
    study = {"file": "study.yaml", "settings": "0" * 64, "run": "0" * 16}
    sealed = manifest.build(folder, study, folder)
    os.truncate(TABLE, 400_000_000_000)
    with_a_rule()
    found = verification.examine(folder, sealed, folder).files[TABLE]
    assert (found.verdict, found.reasons[0]) == (
        "CHANGED", "it has 400,000,000,000 bytes, not 4: it was not read"
    )  # fmt: skip


def test_links_among_records_and_notes_lead_nowhere(folder):
    Path("disk").mkdir()
    os.symlink(folder / "disk", "results/records/all")
    Path(".snakemake/metadata").mkdir(parents=True)
    os.symlink(folder / "disk", ".snakemake/metadata/all")
    Path("disk/b.csv.json").touch()
    assert [path.as_posix() for path in job_records.recorded(folder)] == [TABLE]
    assert snakemake_notes.noted(folder) == {}
    found = verification.examine(folder, None, folder).files["results/records/all"]
    assert (found.verdict, found.reasons[0][:18]) == ("UNREAD", "a link to a folder")
