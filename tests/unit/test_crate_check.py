"""What the check of a crate names: graphs by hand, with a seal and without."""

import hashlib
import json
import os

import pytest

from twotower import crate_check, noted
from twotower.crate_check import METADATA, SEAL

TABLE, MORE, TIMED = "results/tables/a.csv", "results/tables/b.csv", "results/benchmarks/a.tsv"


def entity(folder, path):
    content = (folder / path).read_bytes()
    return {"@id": path, "@type": "File", "contentSize": str(len(content)),
            "sha256": hashlib.sha256(content).hexdigest()}  # fmt: skip


def write(folder, *entities):
    content = {"@graph": [{"@id": "./", "@type": "Dataset"}, *entities]}
    (folder / METADATA).write_text(json.dumps(content))


@pytest.fixture
def crate(tmp_path):
    """Two sealed tables, a timing, a licence and the seal."""
    for path in (TABLE, MORE, TIMED, "LICENSE", SEAL):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    rows = [{"path": path, "sha256": entity(tmp_path, path)["sha256"]} for path in (TABLE, MORE)]
    (tmp_path / SEAL).write_text(json.dumps({"files": rows}))
    write(tmp_path, *(entity(tmp_path, path) for path in (TABLE, MORE, TIMED, "LICENSE", SEAL)))
    assert crate_check.check(tmp_path).faults == {}
    return tmp_path


def test_a_table_that_left_with_its_entity_is_named(crate):
    kept = [entity(crate, path) for path in (TABLE, SEAL, TIMED, "LICENSE")]
    (crate / MORE).unlink()
    write(crate, *kept)
    assert crate_check.check(crate).faults == {
        MORE: "missing: it was sealed, the graph does not name it"
    }
    write(crate, *kept, {"@id": f"#{MORE}", "@type": "File"})
    assert crate_check.check(crate).faults == {}  # described, as by WITHOUT=


@pytest.mark.parametrize("path", ["results/tables/better.csv", "more.txt", "scripts/x.py"])
def test_a_file_that_came_with_its_entity_is_named(crate, path):
    (crate / path).parent.mkdir(exist_ok=True)
    (crate / path).write_text("x")
    write(crate, *(entity(crate, each) for each in (TABLE, MORE, SEAL, TIMED, "LICENSE", path)))
    assert crate_check.check(crate).faults == {path: "extra: the graph names it, it was not sealed"}


def test_links_to_folders_and_pipes_are_named(crate):
    os.symlink("/etc", crate / "etc")
    os.mkfifo(crate / "pipe")
    assert crate_check.check(crate).faults.keys() == {"etc", "pipe"}


def test_a_few_digits_do_not_tell(crate):
    own = crate_check.check(crate).metadata
    assert crate_check.check(crate, own[:16].upper()).faults == {}
    for few in (own[:3], "", "nothing that a hash could be"):
        with pytest.raises(noted.NotedError, match=f"SHA256={few}: allowed: the 64"):
            crate_check.check(crate, few)
    assert "than was noted" in crate_check.check(crate, own + "00").faults[METADATA]


@pytest.mark.parametrize("name", ["//[x", "a\ud800", "a%00b", "a" * 5000, "%2e%2e/a", "/a"])
def test_ids_that_are_no_names_are_faults(tmp_path, name):
    write(tmp_path, {"@id": name, "@type": "File", "sha256": "x"})
    assert crate_check.check(tmp_path).faults == {
        name: "leads out of the crate, or is no name of a file"
    }


def test_a_pipe_is_no_graph(tmp_path):
    os.mkfifo(tmp_path / METADATA)
    with pytest.raises(crate_check.NoCrateError):
        crate_check.check(tmp_path)
