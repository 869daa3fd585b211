"""A crate tells what the records tell, holds what it tells, and passes the public validator."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import warm_python

import planted_study as planted
from graphs import graph, ids, job
from twotower.audits import exporting
from twotower.audits.crate import profiles
from twotower.audits.crate.write import CrateError
from twotower.audits.crate_check import check
from twotower.audits.exporting import ExportError
from twotower.audits.seal import manifest, sealed_files
from twotower.audits.verify import verification
from twotower.base import files
from twotower.records import code_digest


def test_every_job_is_told_with_all_that_it_depended_on(crate):
    entities = graph(crate)
    trained = job(entities, "train")
    code = code_digest.code_digest(Path("scripts").resolve(), "towers/train.py")
    (tool,) = ids(trained["instrument"])
    assert entities[tool]["softwareVersion"] == code
    assert ids(entities[tool]["mainEntity"]) == ["scripts/towers/train.py"]
    assert sorted(ids(trained["result"])) == sorted(
        [planted.SECONDS, planted.LOSSES, planted.WEIGHTS]
    )
    (ratings, *values) = ids(trained["object"])
    assert ratings == planted.RATINGS
    told = {entities[each]["name"]: entities[each]["value"] for each in values}
    meant = json.loads(told[f"what {planted.RUN.id} stands for"])
    assert (meant["arm"], meant["settings"]["steps"]) == ("adam", 5)
    assert meant["cell"]["smoothness"] == "inf"
    assert len(told["settings"]) == 64
    pins = {entities[each]["name"]: entities[each]["value"] for each in ids(trained["environment"])}
    assert pins["OMP_NUM_THREADS"] == "1" and len(pins["environment"]) == 16
    usage = {entities[each]["name"]: entities[each]["value"]
             for each in ids(trained["resourceUsage"])}  # fmt: skip
    assert usage == {"wall time": "12.5", "largest resident set": "100.25"}
    assert ids(entities[planted.TIMED]["about"]) == [trained["@id"]]


def test_steps_and_connections_follow_the_data(crate):
    entities = graph(crate)
    place = {rule: int(entities[f"#step/{rule}"]["position"]) for rule, _ in planted.LISTED}
    assert place["generate_data"] < place["train"] < place["evaluate"] < place["claims"]
    (connection,) = ids(entities["#step/train"]["connection"])
    source, target = (ids(entities[connection][end])[0] for end in
                      ("sourceParameter", "targetParameter"))  # fmt: skip
    assert source == "#parameter/generate_data/output/ratings"
    assert {source, target} <= set(ids(entities[planted.RATINGS]["exampleOfWork"]))
    run = entities["#run"]
    assert set(ids(run["object"])) == {"study.yaml", planted.DECISIONS}
    assert {*planted.FIGURES, "results/tables/claims.md"} <= set(ids(run["result"]))
    assert planted.WEIGHTS not in ids(run["result"])  # a job has read it
    assert set(ids(entities["./"]["mentions"])) >= {"#run", job(entities, "evaluate")["@id"]}


def test_who_when_and_under_which_licence(crate):
    root = graph(crate)["./"]
    assert root["datePublished"] == planted.COMMITTED
    assert ids(root["license"]) == ["https://spdx.org/licenses/MIT"]
    assert ids(root["citation"]) == ["https://arxiv.org/abs/2403.00802"]
    assert [graph(crate)[each]["name"] for each in ids(root["author"])] == [
        "The tower-rates founders"
    ]
    assert graph(crate)[ids(root["identifier"])[0]]["value"] == manifest.read().root


def test_every_file_is_there_with_its_hash(crate):
    entities = graph(crate)
    there = {path.relative_to(crate).as_posix() for path in crate.rglob("*") if path.is_file()}
    there.remove(check.METADATA)
    assert there >= manifest.read().files.keys() | {"LICENSE", "codecheck.yml", "checklists.md"}
    for path in there:
        assert entities[path]["sha256"] == files.sha256(crate / path), path
        assert entities[path]["contentSize"] == str((crate / path).stat().st_size)
    found = check.check(crate)
    assert (found.faults, found.files, found.described) == ({}, len(there), set())


@pytest.mark.parametrize("version", profiles.PROFILES)
def test_two_exports_have_the_same_bytes(study, monkeypatch, version):
    first = exporting.export(Path("crate"), profile=profiles.PROFILES[version])
    kept = exporting.zipped(Path("crate"))
    shutil.move("crate", "before")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "123")
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    umask = os.umask(0o077)
    try:
        os.utime(planted.RATINGS)
        command = [warm_python.python(), "scripts/export.py", "crate", "--zip"]
        command += [] if version == profiles.DEFAULT else ["--profile", version]
        odd = os.environ | {"PYTHONHASHSEED": "5", "LC_ALL": "C"}
        said = subprocess.run(command, env=odd, capture_output=True, encoding="utf-8")
    finally:
        os.umask(umask)
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout.splitlines()[-1] == first.metadata
    assert files.sha256("crate.zip") == kept
    before = {path.relative_to("before"): path.read_bytes()
              for path in Path("before").rglob("*") if path.is_file()}  # fmt: skip
    after = {path.relative_to("crate"): path.read_bytes()
             for path in Path("crate").rglob("*") if path.is_file()}  # fmt: skip
    assert before == after
    with zipfile.ZipFile("crate.zip") as packed:
        assert {Path(name) for name in packed.namelist()} == after.keys()


def test_results_may_lie_apart_from_the_project(study, tmp_path, monkeypatch):
    """As after `snakemake --directory elsewhere`; the study's file then is the project's."""
    beside = exporting.export(Path("crate")).metadata
    (tmp_path / "elsewhere").mkdir()
    shutil.move("results", tmp_path / "elsewhere/results")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert exporting.export(Path("crate")).metadata == beside


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)


def forge(crate: Path) -> None:
    """A file and what the graph says of it, edited together."""
    own = files.sha256(crate / planted.RISKS)
    flip(crate / planted.RISKS)
    graph_file = crate / check.METADATA
    text = graph_file.read_text(encoding="utf-8")
    graph_file.write_text(text.replace(own, files.sha256(crate / planted.RISKS)), encoding="utf-8")


@pytest.mark.parametrize(
    "path, harm, words",
    [
        (planted.WEIGHTS, lambda crate: flip(crate / planted.WEIGHTS), "changed: SHA-256"),
        (planted.TEST, lambda crate: os.truncate(crate / planted.TEST, 3), "changed: 3 bytes"),
        (planted.TIMED, lambda crate: (crate / planted.TIMED).unlink(), "missing"),
        ("results/more.csv", lambda crate: (crate / "results/more.csv").touch(), "extra"),
        (planted.RISKS, forge, "changed since it was sealed, and the graph with it"),
    ],
)
def test_the_check_names_what_was_done_to_a_crate(crate, path, harm, words):
    noted = check.check(crate).metadata
    harm(crate)
    found = check.check(crate)
    assert list(found.faults) == [path] and words in found.faults[path]
    assert (found.metadata == noted) == (harm is not forge)


def test_a_graph_that_names_files_outside_is_refused(crate):
    graph_file = crate / check.METADATA
    text = graph_file.read_text(encoding="utf-8").replace(
        '"@id": "LICENSE"', '"@id": "../study.yaml"'
    )
    graph_file.write_text(text, encoding="utf-8")
    faults = check.check(crate).faults
    assert faults == {"../study.yaml": "leads out of the crate, or is not a file name",
                      "LICENSE": "extra: the graph does not name it"}  # fmt: skip


def test_kinds_may_be_described_and_not_held(study):
    exporting.export(Path("crate"), frozenset({"data", "weights"}))
    entities = graph(Path("crate"))
    assert not Path("crate", planted.RATINGS).exists()
    assert entities[f"#{planted.RATINGS}"]["sha256"] == files.sha256(planted.RATINGS)
    assert ids(job(entities, "train")["object"])[0] == f"#{planted.RATINGS}"
    found = check.check(Path("crate"))
    assert (found.faults, len(found.described)) == ({}, 6)
    assert found.left_out == {"data": (4, 4), "weights": (2, 2)}
    assert 'WITHOUT="data weights"' in check.text(found, Path("crate"))


def test_such_a_crate_is_verified_where_the_kinds_are_named(study):
    exporting.export(Path("crate"), frozenset({"data", "weights"}))
    named = verification.verify("crate", without=frozenset({"data", "weights"}))
    assert named.notes[0] == "left out as WITHOUT= names: data 4 of 4 files, weights 2 of 2"
    assert (named.wrong(), named.faults) == ({}, [])
    for fewer in (frozenset(), frozenset({"data"})):
        wrong = verification.verify("crate", without=fewer).wrong()
        assert {each.verdict for each in wrong.values()} == {"MISSING"}
        assert planted.WEIGHTS in wrong and (planted.RATINGS in wrong) == (not fewer)


def test_of_a_kind_that_is_left_out_in_part_the_number_is_told(study):
    exported = exporting.export(Path("crate"), frozenset({"data"}))
    assert exported.left_out == {"data": (4, 4)}
    Path("crate", planted.WEIGHTS).unlink()
    found = verification.verify("crate", without=frozenset({"data", "weights"}))
    [told] = [note for note in found.notes if note.startswith("left out")]
    assert told.endswith("data 4 of 4 files, weights 1 of 2; NOT ALL of a kind: weights")
    assert not found.failed


def test_pages_and_their_small_figures_come_along(crate):
    pages = {path.relative_to(planted.ROOT).as_posix() for path in planted.ROOT.glob("docs/*.md")}
    there = {path.relative_to(crate).as_posix() for path in crate.glob("docs/**/*.*")}
    figures = there - pages
    assert pages <= there and "docs/images/methods.png" in figures
    assert all((crate / path).stat().st_size <= 200_000 for path in figures)
    assert "docs/images/retrieval.png" not in figures  # 450 kB
    assert {graph(crate)[path]["description"] for path in there} == {"about the project"}


def test_make_in_a_crate_checks_it_and_leaves_nothing(crate):
    command = ["make", "-s", "check-crate", f"PYTHON={sys.executable}"]
    for _ in range(2):
        done = subprocess.run(command, cwd=crate, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        assert "all as graph and seal say\n" in done.stdout


def test_an_archive_of_an_earlier_export_is_told(study):
    made = exporting.export(Path("crate"))
    exporting.zipped(Path("crate"))
    assert not exporting.is_outdated(Path("crate.zip"), made.metadata)
    command = [warm_python.python(), "scripts/export.py", "crate", "--without", "data"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "crate.zip is of an earlier export; `make export ZIP=yes`" in said


def test_only_what_is_as_it_was_sealed_is_exported(study):
    flip(Path(planted.RISKS))
    with pytest.raises(ExportError, match=f"(?s)and sealed:\n  {planted.RISKS}: .*make verify"):
        exporting.export(Path("crate"))
    sealed_files.MANIFEST.unlink()
    with pytest.raises(manifest.ManifestError, match="there is no seal; `make seal` makes one"):
        exporting.export(Path("crate"))
    assert not Path("crate").exists()


def test_nothing_but_an_earlier_crate_is_replaced(study):
    Path("mine").mkdir()
    Path("mine/letter.txt").touch()
    with pytest.raises(CrateError, match="holds something else than a crate"):
        exporting.export(Path("mine"))
    for place in (".", "results", "results/crate", "scripts"):
        with pytest.raises(CrateError, match="the project or its results lie there"):
            exporting.export(Path(place))
    exporting.export(Path("crate"))
    Path("crate/left.txt").touch()
    exporting.export(Path("crate"))
    assert not Path("crate/left.txt").exists()
    assert not list(study.glob(".crate*"))
