"""What the check of a crate names: graphs by hand, with a seal and without."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from twotower.audits.crate_check import check
from twotower.audits.crate_check.check import METADATA
from twotower.audits.crate_check.seal import SEAL
from twotower.audits.seal.manifest import Entry, Manifest
from twotower.base import safe_names
from twotower.records.reading import canonical

TABLE, MORE, TIMED = "results/tables/a.csv", "results/tables/b.csv", "results/benchmarks/a.tsv"
RISKS = "results/risks/a.csv"
SEALED = {TABLE: "tables", MORE: "tables", RISKS: "risks"}
ALL = [*SEALED, TIMED, "LICENSE", "docs/a.md", "docs/images/a.png", SEAL]
STUDY = {"file": "study.yaml", "settings": "0" * 64, "run": "0" * 16}
SCRIPTS = Path(check.__file__).parents[3]


def entity(folder, path):
    content = (folder / path).read_bytes()
    return {"@id": path, "@type": "File", "contentSize": str(len(content)),
            "sha256": hashlib.sha256(content).hexdigest()}  # fmt: skip


def write(folder, *entities):
    content = {"@graph": [{"@id": "./", "@type": "Dataset"}, *entities]}
    (folder / METADATA).write_text(json.dumps(content))


@pytest.fixture
def crate(tmp_path):
    """Sealed tables and risks; a timing, a licence, a page with its figure, and the seal."""
    for path in ALL:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    files = {
        path: Entry(kind, len(path), entity(tmp_path, path)["sha256"])
        for path, kind in SEALED.items()
    }
    (tmp_path / SEAL).write_text(Manifest(STUDY, (), (), files).text())
    write(tmp_path, *entities(tmp_path))
    assert check.check(tmp_path).faults == {}
    return tmp_path


def entities(folder, *without):
    return [entity(folder, path) for path in ALL if path not in without]


def described(folder, *paths, **other):
    """The files leave the folder; their entities, in other ways changed, are described ones."""
    found = [entity(folder, path) | {"@id": f"#{path}"} | other for path in paths]
    for path in paths:
        (folder / path).unlink()
    return found


def test_a_table_that_left_with_its_entity_is_named(crate):
    kept = entities(crate, MORE)
    (crate / MORE).unlink()
    write(crate, *kept)
    assert check.check(crate).faults == {MORE: "missing: it was sealed, the graph does not name it"}


def test_what_is_described_and_not_held_is_listed_by_kind(crate):
    told = described(crate, MORE, RISKS)
    write(crate, *entities(crate, MORE, RISKS), *told)
    found = check.check(crate)
    assert (found.faults, found.left_out) == ({}, {"risks": (1, 1), "tables": (1, 2)})
    text = check.text(found, crate)
    assert "left out: risks 1 of 1 files, tables 1 of 2;" in text
    assert f'make verify FOLDER={crate} WITHOUT="risks tables"' in text
    assert "6 files, 0.0 MB, all as graph and seal say; 2 left out" in text


@pytest.mark.parametrize("other", [{"sha256": "0" * 64}, {"contentSize": "1"}, {"sha256": None}])
def test_what_is_described_must_have_the_sealed_bytes(crate, other):
    told = described(crate, MORE, **other)
    write(crate, *entities(crate, MORE), *told)
    found = check.check(crate)
    assert found.faults == {MORE: "missing: described, with other bytes than were sealed"}
    assert found.left_out == {}
    last = check.text(found, crate).splitlines()[-2]
    assert last == "NOT as graph and seal say: 1 fault, see above; 7 files, 0.0 MB are"


def test_under_another_path_nothing_is_described(crate):
    told = [each | {"@id": "#elsewhere/b.csv"} for each in described(crate, MORE)]
    write(crate, *entities(crate, MORE), *told)
    found = check.check(crate)
    assert found.faults.keys() == {MORE} and found.given == ["elsewhere/b.csv"]
    assert "not part of the crate: elsewhere/b.csv" in check.text(found, crate)
    for path in ("results/tables/better.csv", TIMED, "LICENSE"):
        write(crate, *entities(crate, MORE, path), {"@id": f"#{path}", "@type": "File"})
        faults = check.check(crate).faults
        assert faults[path].startswith("extra: ")


def without_seal(crate):
    shutil.rmtree(crate / "results/seal")


def spoilt_seal(crate):
    (crate / SEAL).write_text("{}")


def seal_with_a_row_twice(crate):
    content = json.loads((crate / SEAL).read_text())
    content["files"].append(content["files"][0])
    (crate / SEAL).write_text(json.dumps(content))


@pytest.mark.parametrize(
    "harm, words",
    [
        (without_seal, "missing: every crate of this project has the seal"),
        (spoilt_seal, "this is no seal"),
        (seal_with_a_row_twice, "it is not as `make seal` writes it"),
    ],
)
@pytest.mark.parametrize(
    "trace",
    [
        {"@id": "#seal", "@type": "PropertyValue"},
        {"@id": "#results%2Frecords/x.json", "@type": "File"},
        {"@id": "#x", "@type": "Thing", "name": "scripts/two\u0074ower"},
    ],
)
def test_a_crate_of_this_project_without_its_seal_is_none(crate, harm, words, trace):
    harm(crate)
    forged = [entity(crate, path) for path in ALL if path != SEAL]
    forged += [entity(crate, SEAL)] if (crate / SEAL).exists() else []
    write(crate, *forged, trace)
    assert check.check(crate).faults[SEAL] == words


@pytest.mark.parametrize("key", ["root", "files"])
def test_the_root_of_the_seal_is_computed_again(crate, key):
    """The seal states another root, or its entries were edited: the graph was made to fit."""
    content = json.loads((crate / SEAL).read_text())
    if key == "root":
        content["root"] = "0" * 64
    else:
        content["files"][0]["kind"] = "data"
    (crate / SEAL).write_text(canonical.text(content))
    write(crate, *entities(crate))
    assert check.check(crate).faults[SEAL].startswith("it states the root ")


def test_the_root_is_the_same_wherever_a_crate_states_it(crate):
    root = json.loads((crate / SEAL).read_text())["root"]
    for stated, named in ((root, set()), ("0" * 64, {METADATA, "croissant.json"})):
        (crate / "croissant.json").write_text(f'"The root of its seal stands for them: {stated}."')
        seal = {"@id": "#seal", "@type": "PropertyValue", "value": stated}
        write(crate, *entities(crate), entity(crate, "croissant.json"), seal)
        faults = check.check(crate).faults
        assert faults.keys() == named
        assert all(root in told and stated in told for told in faults.values())


@pytest.mark.parametrize("spoil", [
    lambda text: text.replace('"sha256":', '"sha256": "", "sha256":', 1),
    lambda text: text.replace('"@graph"', '"x": NaN, "@graph"', 1),
])  # fmt: skip
def test_a_graph_that_can_be_read_in_two_ways_is_none(crate, spoil):
    place = crate / METADATA
    place.write_text(spoil(place.read_text()))
    with pytest.raises(check.NoCrateError, match="no graph of an RO-Crate: it "):
        check.check(crate)


def test_a_file_that_the_graph_names_twice_is_a_fault(crate):
    write(crate, *entities(crate), entity(crate, TABLE))
    assert check.check(crate).faults[TABLE] == "the graph names it twice"


def test_a_file_of_holes_is_not_read(crate):
    os.truncate(crate / TABLE, 8 * 10**12)
    told = {"@id": TABLE, "@type": "File", "contentSize": str(8 * 10**12), "sha256": "0" * 64}
    write(crate, *entities(crate, TABLE), told)
    assert "of which the disk holds" in check.check(crate).faults[TABLE]


def test_what_systems_leave_in_a_crate_is_told_and_no_fault(crate):
    (crate / ".DS_Store").touch()
    (crate / "results/tables/._a.csv").touch()
    found = check.check(crate)
    assert found.faults == {}
    assert "read by nothing: .DS_Store, results/tables/._a.csv" in check.text(found, crate)


def test_a_foreign_crate_needs_no_seal_and_is_told_so(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    write(tmp_path, entity(tmp_path, "a.txt"), {"@id": "https://x.org/b", "@type": "File"})
    found = check.check(tmp_path)
    assert (found.faults, found.files, found.is_sealed) == ({}, 1, False)
    text = check.text(found, tmp_path)
    assert text.startswith("no seal, and no trace of tower-rates: ") and "; 1 described" in text
    assert "1 file, 0.0 MB, all as the graph says" in text


def test_what_tools_made_in_a_crate_is_told_and_compiled_code_is_a_fault(crate):
    for name in (".venv", ".venv-validator", ".snakemake", "results-audit", "results-crate"):
        (crate / name / "deeper").mkdir(parents=True)
        (crate / name / "deeper/x").touch()
    found = check.check(crate)
    assert (found.faults, len(found.made)) == ({}, 5)
    assert "not checked, since not part of the crate; " in check.text(found, crate)
    for place in ("scripts/__pycache__", "results/.venv"):
        (crate / place).mkdir(parents=True)
        (crate / place / "x.pyc").touch()
        (crate / place / "y.pyc").touch()
    faults = check.check(crate).faults
    assert faults.keys() == {"scripts/__pycache__", "results/.venv/x.pyc", "results/.venv/y.pyc"}
    assert faults["scripts/__pycache__"].endswith("remove the folder")


def test_the_check_needs_no_package(crate):
    code = "import runpy, sys; sys.path.insert(0, sys.argv[1]); sys.argv = sys.argv[2:]; " \
           "runpy.run_path(sys.argv[0])"  # fmt: skip
    command = [sys.executable, "-B", "-I", "-S", "-c", code, SCRIPTS,
               SCRIPTS / "check_crate.py", crate]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "path", ["results/tables/better.csv", "more.txt", "scripts/x.py", "docs/x.py"]
)
def test_a_file_that_came_with_its_entity_is_named(crate, path):
    (crate / path).parent.mkdir(parents=True, exist_ok=True)
    (crate / path).write_text("x")
    write(crate, *entities(crate), entity(crate, path))
    assert check.check(crate).faults == {path: "extra: the graph names it, it was not sealed"}


def test_links_to_folders_and_pipes_are_named(crate):
    os.symlink("/etc", crate / "etc")
    os.mkfifo(crate / "pipe")
    assert check.check(crate).faults.keys() == {"etc", "pipe"}


def test_a_few_digits_do_not_tell(crate):
    own = check.check(crate).metadata
    assert check.check(crate, own[:16].upper()).faults == {}
    for few in (own[:3], "", "nothing that a hash could be"):
        with pytest.raises(safe_names.NotedError, match=f"SHA256={few}: allowed: the 64"):
            check.check(crate, few)
    assert "is not the noted one" in check.check(crate, own + "00").faults[METADATA]


@pytest.mark.parametrize("name", ["//[x", "a\ud800", "a%00b", "a" * 5000, "%2e%2e/a", "/a"])
def test_ids_that_are_no_names_are_faults(tmp_path, name):
    write(tmp_path, {"@id": name, "@type": "File", "sha256": "x"})
    assert check.check(tmp_path).faults == {name: "leads out of the crate, or is not a file name"}


def test_a_pipe_is_no_graph(tmp_path):
    os.mkfifo(tmp_path / METADATA)
    with pytest.raises(check.NoCrateError):
        check.check(tmp_path)
