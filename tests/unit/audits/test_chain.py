"""Which script makes what, and what contradicting records are called."""

import re
from pathlib import Path

import pytest

from twotower.audits.seal import manifest
from twotower.audits.verify import verification
from twotower.audits.verify.findings import Verification, several
from twotower.base import files
from twotower.records import code_digest, environment, job_records

ROOT = Path(__file__).parents[3]
DATA, WEIGHTS, LOSSES, RISKS = (
    "results/data/a/ratings.csv",
    "results/runs/b/0.csv",
    "results/runs/b/0.losses.csv",
    "results/risks/b.csv",
)


def test_every_rule_with_a_script_is_known():
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "workflow/rules").glob("*.smk")]
    found = code_digest.scripts(ROOT)
    assert len(found) == sum(len(re.findall(r"^ +script:", text, re.MULTILINE)) for text in texts)
    assert all((ROOT / "scripts" / script).is_file() for script in found.values())
    assert (found["train"], found["claims"]) == ("towers/train.py", "claims/write_claims.py")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project of one script, and three jobs: data, weights with losses, risks."""
    monkeypatch.chdir(tmp_path)
    for path, text in {
        "scripts/do.py": "import twotower.records.kept\n",
        "scripts/twotower/__init__.py": "",
        "scripts/twotower/records/kept.py": "",
        "workflow/rules/all.smk": 'rule do:\n    script:\n        "../../scripts/do.py"\n',
        "workflow/decisions.yaml": (ROOT / "workflow/decisions.yaml").read_text(encoding="utf-8"),
        "Snakefile": "",
    }.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")
    make([], [DATA])
    make([DATA], [WEIGHTS, LOSSES])
    make([WEIGHTS], [RISKS])
    return tmp_path


def make(inputs, outputs, text="made\n"):
    for path in outputs:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(path + text)
    code_digest.forget()
    about = {
        "rule": "do",
        "code": code_digest.code_digest(Path("scripts"), "do.py"),
        "bookkeeping": code_digest.bookkeeping_digest(Path("scripts"), "do.py"),
        "settings": "s",
        "inputs": {path: files.sha256(path) for path in inputs},
        "outputs": outputs,
        "environment": environment.save(environment.current()),
    }
    for path in outputs:
        job_records.write(path, about)


def re_record(path, change):
    record = change(job_records.read(path))
    job_records.write(path, {k: v for k, v in record.items() if k not in ("bytes", "sha256")})


def notes():
    return [note for note in verification.examine(Path(), None, Path()).notes if "other" in note]


def wrong():
    sealed = manifest.build(".", {"file": "study.yaml"}, Path())
    found = verification.examine(Path(), sealed, Path())
    return {path: (each.verdict, each.reason) for path, each in found.wrong().items()}


def test_an_untouched_folder_has_no_faults_in_its_chain(folder):
    assert wrong() == {}


def test_what_was_edited_with_its_record_is_told_by_its_readers(folder):
    make([], [DATA], "made otherwise\n")
    verdict, reason = wrong()[DATA]
    assert verdict == "FORGED"
    assert reason.startswith(
        f"it agrees with its record, but {WEIGHTS} and 1 more recorded other bytes"
    )
    assert list(wrong()) == [DATA]


def test_what_lost_a_sibling_or_its_record_is_told(folder):
    job_records.record_path(LOSSES).unlink()
    found = wrong()
    assert found[LOSSES] == ("UNRECORDED", "no job recorded this file")
    assert found[job_records.record_path(LOSSES).as_posix()] == (
        "MISSING",
        f"job do made it together with {WEIGHTS}",
    )


def test_code_that_was_edited_or_is_gone_makes_results_stale(folder):
    Path("scripts/do.py").write_text("a = 1  # other\n")
    assert {verdict for verdict, _ in wrong().values()} == {"STALE"}
    assert set(wrong()) == {DATA, WEIGHTS, LOSSES, RISKS}
    Path("workflow/rules/all.smk").write_text("")
    assert wrong()[DATA] == ("FORGED", "the project has no rule do that would make it")
    found = verification.examine(Path(), None, Path()).files[DATA]
    assert found.verdict == "STALE", "nobody has sealed rules and results together"


def test_other_bookkeeping_is_noted_and_makes_nothing_stale(folder):
    said = (
        f"{DATA} and 3 more: made with other bookkeeping (records, logs, names) than is there; "
        "no number depends on it"
    )
    assert notes() == []
    for text in ("# other\n", "("):  # one that cannot even be read
        Path("scripts/twotower/records/kept.py").write_text(text)
        assert (notes(), wrong()) == ([said], {})


def test_a_record_cannot_hide_other_code_behind_its_bookkeeping(folder):
    """Forged, or left out as in older records: then the digest must cover all modules."""
    re_record(RISKS, lambda record: record | {"bookkeeping": "0" * 16})
    assert (wrong(), len(notes())) == ({}, 1)
    re_record(RISKS, lambda record: {k: v for k, v in record.items() if k != "bookkeeping"})
    assert wrong()[RISKS][0] == "STALE"
    code_digest.forget()
    older = code_digest.flat_digest(Path("scripts"), "do.py")
    for path in (DATA, WEIGHTS, LOSSES, RISKS):
        re_record(path, lambda record: record | {"code": older, "bookkeeping": ""})
    assert (wrong(), notes()) == ({}, [])
    Path("scripts/twotower/records/kept.py").write_text("# other\n")
    assert {verdict for verdict, _ in wrong().values()} == {"STALE"}


def test_outputs_of_one_job_name_one_bookkeeping(folder):
    re_record(LOSSES, lambda record: record | {"bookkeeping": "0" * 16})
    verdict, reason = wrong()[job_records.record_path(LOSSES).as_posix()]
    assert verdict == "FORGED" and reason.endswith("of the same job, in bookkeeping")


def test_an_edited_given_file_is_told(folder):
    make(["Snakefile"], [DATA])
    make([DATA], [WEIGHTS, LOSSES])
    make([WEIGHTS], [RISKS])
    assert wrong() == {}
    Path("Snakefile").write_text("# other\n")
    verdict, reason = wrong()["Snakefile"]
    assert verdict == "CHANGED" and reason.startswith(f"{DATA} recorded other bytes for it")


def test_the_gravest_verdict_stays_with_all_reasons():
    found = Verification()
    for verdict, reason in (("STALE", "one"), ("FORGED", "two"), ("CHANGED", "two")):
        found.add("a", verdict, reason)
    assert (found.files["a"].verdict, found.files["a"].reason) == ("FORGED", "one; two")
    found.add("b", "OK", "")
    assert list(found.wrong()) == ["a"] and found.failed


def test_several_files_are_named_by_a_telling_one():
    assert several(["results/risks/b", "results/benchmarks/a"]) == "results/risks/b and 1 more"
    assert several(["x"]) == "x"
