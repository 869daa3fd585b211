"""Findings of a finished study: only what the run made is copied under the run's commit."""

import shutil
from pathlib import Path

import pytest

import planted_study as planted
from git_fakes import run as git
from twotower.audits import publishing
from twotower.audits.seal import manifest
from twotower.records import job_records

NEW = Path("new")


def edit(path):
    text = Path(path).read_text(encoding="utf-8")
    Path(path).write_text(text.replace("holds", "fails"), encoding="utf-8")


def edit_with_its_record(path):
    edit(path)
    record = job_records.read(path)
    job_records.write(path, {k: v for k, v in record.items() if k not in ("bytes", "sha256")})


def stray(path):
    (Path(path).parent / "mine.csv").write_text("a\n1\n")


def unsealed():
    shutil.rmtree(manifest.SEAL)


def test_a_sealed_study_is_published_with_its_root(study):
    ran = git(study, "rev-parse", "HEAD")
    git(study, "commit", "-q", "--allow-empty", "-m", "later")
    note = (publishing.publish("study.yaml", NEW) / publishing.NOTE).read_text()
    assert f"- commit: `{ran}`" in note and f"- root: `{manifest.read(Path()).root}`" in note
    assert (NEW / "tables/claims.csv").read_bytes() == Path(planted.CLAIMS).read_bytes()


def test_without_a_seal_the_records_decide(study):
    unsealed()
    assert "- not sealed" in (publishing.publish("study.yaml", NEW) / publishing.NOTE).read_text()
    edit(planted.CLAIMS)
    with pytest.raises(publishing.PublishError, match=f"CHANGED {planted.CLAIMS}: "):
        publishing.publish("study.yaml", NEW)


@pytest.mark.parametrize("is_sealed", [True, False])
@pytest.mark.parametrize(
    ("change", "verdict"),
    [(edit, "CHANGED"), (stray, "mine.csv: ")],
)
def test_what_is_not_as_the_run_made_it_is_refused_with_its_verdict(
    study, change, verdict, is_sealed
):
    if not is_sealed:
        unsealed()
    change(planted.CLAIMS)
    with pytest.raises(publishing.PublishError) as told:
        publishing.publish("study.yaml", NEW)
    assert str(told.value).startswith("these results are not published, since not all is as the")
    assert verdict in str(told.value) and "`make verify` lists every fault" in str(told.value)
    assert not NEW.exists()


def test_a_ledger_that_was_edited_with_its_record_is_refused(study):
    edit_with_its_record(planted.CLAIMS)
    with pytest.raises(publishing.PublishError, match=f"{planted.CLAIMS}: sealed with"):
        publishing.publish("study.yaml", NEW)
