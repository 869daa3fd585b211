"""A sampled audit for real, of a study in which one job's weights were forged consistently."""

import json
import os
import re
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
import warm_python

from cheats import CHEATS
from forging import Forgery, copied
from selftest import drawing
from twotower.audits.rerun import audit, clone, options
from twotower.audits.rerun import sample as audit_sample
from twotower.audits.verify import verification
from twotower.base import errors, files
from twotower.records import run_records

pytestmark = pytest.mark.xdist_group("audited")

FORGED = next(each for each in CHEATS if each.name == "forged weights")


@pytest.fixture(scope="module")
def audited(origin, tmp_path_factory):
    """The forged study, the path of the forged file, how the audit ended, and what it wrote."""

    study = copied(origin, tmp_path_factory.mktemp("audited") / "copy")
    path = FORGED.act(study)
    assert not verification.verify(study.folder).failed, "verify alone cannot tell"
    asked = ["--sample", "1", "--nonce", drawing(study, path), "--env"]
    asked.append(str(warm_python.folder().parent))
    began = time.monotonic()
    done = subprocess.run(
        [warm_python.python(), "scripts/audit.py", *asked],
        cwd=study.folder, env=os.environ | {"TZ": "Asia/Tokyo"},
        capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    print(f"{time.monotonic() - began:.0f} s")
    content = json.loads((study.folder / "results-audit/audit.json").read_text(encoding="utf-8"))
    return study, path, done, content


def test_the_forged_job_and_no_other_is_different(audited):
    _, path, done, content = audited
    assert done.returncode == 1
    assert content["verdict"] == "DIFFERENT"
    (drawn,) = content["rerun"]["drawn"]
    rungs = {job["job"]: job["rung"] for job in content["jobs"]}
    assert rungs.pop(drawn) == "different"
    job = next(job for job in content["jobs"] if job["job"] == drawn)
    assert job["rule"] == "train" and path in job["files"]
    assert "of the array's size (at " in job["files"][path]["why"]
    others = [job for job in content["jobs"] if job["asked"] and job["job"] != drawn]
    assert len(others) == content["rerun"]["jobs"] - content["rerun"]["population"] == 11
    assert {job["rung"] for job in others} == {"same bytes"}
    assert set(rungs.values()) == {"same bytes", None}


def test_the_claims_that_rest_on_it_are_told_with_the_first_job(audited):
    _, _, done, content = audited
    verdicts = {each["claim"]: each for each in content["claims"]}
    assert set(verdicts) == {"primary", "primary level", "2", "falsifiability"}
    for each in verdicts.values():
        assert each["verdict"] == "DIFFERENT"
        assert each["first_diverged"]["job"] == content["rerun"]["drawn"][0]
        assert each["environment_differences"] == []
    assert content["environment"] == {"reused": True, "differences": []}
    assert "extrapolation" in content["not_tested"]
    assert re.search(r"^2 +DIFFERENT +The risk falls", done.stdout, re.MULTILINE)
    population = content["rerun"]["population"]
    assert audit_sample.told(population, 1) in " ".join(done.stdout.split())


class Page(HTMLParser):
    """Tags that are open, addresses that are asked for, ids, and links to them."""

    def __init__(self):
        super().__init__()
        self.open, self.asked, self.ids, self.links, self.text = [], [], set(), [], []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag not in ("meta", "img"):
            self.open.append(tag)
        self.asked += [given[name] for name in ("src", "srcset", "data") if name in given]
        self.ids |= {given["id"]} if "id" in given else set()
        self.links += [given["href"]] if "href" in given else []
        assert tag not in ("script", "link", "iframe", "object", "base", "form")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_needs_no_network_and_is_whole(audited):
    study, _, done, content = audited
    text = (study.folder / "results-audit/audit.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == []
    assert page.asked and all(each.startswith("data:image/png;base64,") for each in page.asked)
    assert {f"#{name}" for name in page.ids} >= set(page.links) and page.links
    assert "://" not in text and "url(" not in text and "@import" not in text
    assert str(study.folder) not in text + json.dumps(content)
    for each in content["claims"]:
        assert each["statement"] in "".join(page.text)
    said = text + json.dumps(content) + done.stdout
    assert "reproduced" not in said.lower()


def test_nothing_of_the_results_was_touched_and_no_clone_is_left(audited):
    study, _, _, _ = audited
    assert not verification.verify(study.folder).failed
    left = {path.name for path in (study.folder / "results-audit").iterdir()}
    assert left == {"audit.html", "audit.json", "rerun.log"}


@pytest.mark.parametrize(
    ("spoil", "asked", "words"),
    [
        (lambda study: study.re_run(lambda run: run | {"commit": "0" * 40}), {}, "no valid record"),
        (lambda study: _rerecord(study, commit="0" * 40), {}, "has no commit 000000000000"),
        (lambda study: _rerecord(study, commit=None), {}, "the run recorded no commit"),
        (lambda study: None, {"env": Path("nowhere")}, "is no environment"),
        (lambda study: None, {"fresh": Path("scripts")}, "and not empty"),
        (lambda study: None, {"fresh_seeds": 2}, "asks for 5 or more"),
        (lambda study: None, {"folder": Path("nowhere")}, "there is no such folder; allowed: "),
    ],
)
def test_what_cannot_be_audited_is_told(study, monkeypatch, spoil, asked, words):
    monkeypatch.chdir(study.folder)
    spoil(study)
    given = {"sample": 0, "env": Path(sys.prefix), "project": Path()} | asked
    with pytest.raises(errors.ExpectedError) as caught:
        audit.audit(options.Asked(**given), lambda line: None)
    assert words in str(caught.value)
    assert not list((study.folder / "results-audit").glob(".work-*"))


def _rerecord(study: Forgery, **changes: object) -> None:
    """Have the seal name a run with other values."""
    path = study.re_run(lambda run: run | changes)
    study.reseal(study.sealed() | {"run": Path(path).stem})


def test_the_results_of_a_run_with_uncommitted_changes_are_cloned_with_them(origin, tmp_path):
    """The recorded changes are laid over the commit, and only if they are the recorded ones."""

    (name,) = run_records.names(origin.folder)
    run = run_records.read(name, origin.folder)
    edited, place = tmp_path / "edited", tmp_path / "results/records/runs/changes.diff"
    clone.clone(origin.folder, run, tmp_path, edited)
    text = (edited / "config.yaml").read_text(encoding="utf-8")
    (edited / "config.yaml").write_text(f"# changed\n{text}", encoding="utf-8")
    place.parent.mkdir(parents=True)
    place.write_bytes(subprocess.check_output(["git", "-C", edited, "diff", "--binary"]))
    diff = {"file": "results/records/runs/changes.diff"}
    kept = run | {"diff": diff | {"sha256": files.sha256(place)}}
    clone.clone(origin.folder, kept, tmp_path, tmp_path / "clone")
    assert (tmp_path / "clone/config.yaml").read_text(encoding="utf-8").startswith("# changed\n")
    with pytest.raises(clone.CloneError, match="missing or changed"):
        wrong = run | {"diff": diff | {"sha256": "0" * 64}}
        clone.clone(origin.folder, wrong, tmp_path, tmp_path / "other")
