"""croissant.json describes what was generated, truly, and mlcroissant finds nothing to say."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from safetensors.numpy import load_file

import planted_study as planted
from twotower.audits import exporting
from twotower.audits.crate.entities import CROISSANT, CROISSANT_FORMATS
from twotower.audits.crate_check import check
from twotower.audits.croissant import description
from twotower.base import files
from twotower.records.reading.tensor_headers import TensorsError, header
from twotower.study import grid

VALIDATOR = planted.ROOT / ".venv-validator/bin/python"
needs_validator = pytest.mark.skipif(
    not VALIDATOR.exists(), reason="`make .venv-validator/installed` installs mlcroissant"
)
READ = """
import json, sys, mlcroissant
shown = lambda value: value.decode() if isinstance(value, bytes) else value
found = mlcroissant.Dataset(sys.argv[1]).records(sys.argv[2])
print(json.dumps([{key: shown(value) for key, value in row.items()} for row in found]))
"""
JUDGE = """
import sys; sys.path.insert(0, sys.argv[1])
from pathlib import Path
from twotower.audits.crate_check import croissant_validation
found = croissant_validation.validate(Path(sys.argv[2]))
print(*found.faults, found.text(), sep="\\n")
"""
PERSON = (
    """- {given-names: Zoë, family-names: "O'Neil", affiliation: '"Πανεπιστήμιο"', """
    'orcid: "https://orcid.org/0000-0002-1825-0097"}'
)
OWN = """
repository-code: https://example.org/rates
preferred-citation:
  type: article
  title: 'Rates: "how fast?" — naïve ¿or not?'
  year: 2027
  authors: [{given-names: Zoë, family-names: "O'Neil", orcid: "https://orcid.org/0000-0002-1825-0097"}]
"""


def described(crate: Path = Path("crate")) -> dict:
    return json.loads((crate / CROISSANT).read_text(encoding="utf-8"))


def rows(content: dict, name: str) -> list[dict]:
    """The rows that stand in the description itself, by the short names of their fields."""
    (found,) = [each for each in content["recordSet"] if each["@id"] == name]
    return [{key.split("/")[1]: value for key, value in row.items()} for row in found["data"]]


def offline(*command: str | Path) -> subprocess.CompletedProcess:
    """What the validators' Python says, with nothing but addresses that do not answer in reach."""
    nowhere = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    return subprocess.run([VALIDATOR, "-B", *command], capture_output=True, text=True,
                          env=os.environ | nowhere)  # fmt: skip


def validate(crate: Path) -> tuple[int, list[str]]:
    """How many faults the description has, and what is said of it."""
    done = offline("-c", JUDGE, planted.ROOT / "scripts", crate)
    assert (done.returncode, done.stderr) == (0, "")
    *faults, last = done.stdout.splitlines()
    assert last.endswith(f"; faults and warnings, by mlcroissant 1.1.1: {len(faults)}")
    return len(faults), [*faults, last]


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crate of a study with an index of runs, and with ratings of people; not to be changed."""
    folder = tmp_path_factory.mktemp("croissant") / "project"
    with planted.working_in(folder):
        planted.plant(folder, real=True)
        exporting.export(Path("crate"))
    return folder / "crate"


@needs_validator
def test_mlcroissant_has_no_error_and_no_warning_and_reads_every_record_set(indexed):
    code, said = validate(indexed)
    assert (code, len(said)) == (0, 1)
    assert said[0].startswith("croissant.json: 5 files hashed; records read: data_sets 1, tensors ")
    assert said[0].endswith(
        ", certificate 18, index 1; faults and warnings, by mlcroissant 1.1.1: 0"
    )


@needs_validator
def test_a_loader_reads_the_tables_as_they_are(indexed):
    loaded = offline("-c", READ, indexed / CROISSANT, "certificate").stdout
    (first, *more) = json.loads(loaded)
    assert len(more) == 17 and first == {
        "certificate/data": planted.CELL.data_id, "certificate/replicate": 0,
        "certificate/tower": "user", "certificate/check": "cut_tail", "certificate/expected": 0.0,
        "certificate/measured": 0.0, "certificate/tolerance": 0.01, "certificate/passed": True,
    }  # fmt: skip
    (row,) = json.loads(offline("-c", READ, indexed / CROISSANT, "index").stdout)
    assert (row["index/run"], row["index/rank"]) == (planted.RUN.id, 2)
    assert row["index/smoothness"] == float("inf")


def test_the_data_sets_are_told_from_the_study(indexed):
    content = described(indexed)
    assert content["conformsTo"] == list(CROISSANT_FORMATS)
    assert content["license"] == "https://spdx.org/licenses/MIT"
    assert content["creator"] == [{"@type": "sc:Organization", "name": "The tower-rates founders"}]
    assert content["datePublished"] == planted.COMMITTED
    assert content["version"].startswith("0.1.0+") and "url" not in content
    (row,) = rows(content, "data_sets")
    assert (row["id"], row["replicates"], row["ratings"]) == (planted.CELL.data_id, 3, 128)
    assert json.loads(row["settings"]) == grid.PLAIN | planted.CELL.data_spec
    assert "Seed 7" in content["rai:dataCollection"]
    assert content["rai:dataBiases"] == [
        "In all data sets `sampling` is fresh: every user and every item has exactly one rating."
    ]
    assert "rai:dataManipulationProtocol" not in content  # no cell of it is a control


def test_every_file_is_named_by_its_hash_and_every_array_as_it_is(indexed):
    content = described(indexed)
    held = {each["@id"]: each for each in content["distribution"] if "sha256" in each}
    assert held.keys() == {path for job in description.GENERATED for path in made(job)} | {
        "results/index.csv"
    }
    for path, each in held.items():
        assert each["sha256"] == files.sha256(indexed / path)
        assert each["contentSize"] == f"{(indexed / path).stat().st_size} B"
    told = {(row["file"], row["tensor"]): row for row in rows(content, "tensors")}
    arrays = {
        (path, name): array
        for path in held
        if path.endswith(".safetensors")
        for name, array in load_file(indexed / path).items()
    }
    assert told.keys() == arrays.keys()
    for key, array in arrays.items():
        assert told[key]["shape"] == ", ".join(map(str, array.shape))
        assert told[key]["dtype"] == {"float64": "F64", "int64": "I64"}[str(array.dtype)]


def made(rule: str) -> list[str]:
    wildcards = next(wildcards for name, wildcards in planted.LISTED if name == rule)
    return planted.RULES[rule].paths(wildcards)


def test_ratings_of_people_are_not_described(indexed):
    text = (indexed / CROISSANT).read_text(encoding="utf-8")
    assert "results/real" not in text
    assert "The study also read ratings of people (given:u.data, movielens)." in text


def test_the_crate_names_the_description_and_what_it_conforms_to(crate):
    graph = {each["@id"]: each for each in check.read_graph(crate)}
    entity = graph[CROISSANT]
    assert entity["sha256"] == files.sha256(crate / CROISSANT)
    assert [each["@id"] for each in entity["conformsTo"]] == list(CROISSANT_FORMATS)
    assert (entity["about"], entity["encodingFormat"]) == ({"@id": "./"}, "application/ld+json")
    assert graph["http://mlcommons.org/croissant/1.1"]["version"] == "1.1"
    with (crate / CROISSANT).open("a", encoding="utf-8") as file:
        file.write(" ")
    assert list(check.check(crate).faults) == [CROISSANT]


@needs_validator
def test_a_changed_file_and_a_changed_description_are_named(crate):
    content = bytearray((crate / planted.TEST).read_bytes())
    content[-2] ^= 1
    (crate / planted.TEST).write_bytes(content)
    assert list(check.check(crate).faults) == [planted.TEST]
    changed = f"{planted.TEST}: changed, its SHA-256 is another one than croissant.json has"
    assert validate(crate)[1][0] == changed
    text = described(crate)
    del text["license"]
    text["distribution"][0]["contentUrl"] = "../outside.csv"
    (crate / CROISSANT).write_text(json.dumps(text), encoding="utf-8")
    count, said = validate(crate)
    assert (count, said[2]) == (3, changed)
    assert 'license" is recommended, but does not exist; `make export` writes it anew' in said[0]
    assert said[1].startswith("croissant.json: '../outside.csv' leads out of the crate")
    (crate / CROISSANT).write_text("{", encoding="utf-8")
    count, said = validate(crate)
    assert count == 1 and said[0].endswith("; `make export` writes it anew")


@needs_validator
def test_what_is_left_out_is_told_with_its_hash_and_what_makes_it(study):
    exporting.export(Path("crate"), frozenset({"data"}))
    content = described()
    (ratings_file,) = [each for each in content["distribution"] if each["@id"] == planted.RATINGS]
    assert ratings_file["sha256"] == files.sha256(planted.RATINGS)
    told = "Left out here. `make STUDY=study.yaml` in a clone at commit "
    assert told in ratings_file["description"]
    assert "4 of the files are left out here." in content["description"]
    count, said = validate(Path("crate"))
    assert count == 0 and said[0].startswith("croissant.json: 1 files hashed (4 left out); ")


@needs_validator
def test_quotes_and_letters_of_any_script_come_through(study):
    place = Path("CITATION.cff")
    text = place.read_text(encoding="utf-8").replace("- name: The tower-rates founders", PERSON)
    place.write_text(text + OWN, encoding="utf-8")
    found = exporting.export(Path("crate"))
    content = described()
    assert not any(each.startswith("Croissant") for each in found.missing)
    assert content["url"] == "https://example.org/rates"
    assert content["citeAs"] == (
        '@article{tower-rates, title = {Rates: "how fast?" — naïve ¿or not?}, '
        "author = {Zoë O'Neil}, year = {2027}, url = {https://example.org/rates}}"
    )
    (creator,) = content["creator"]
    assert creator == {
        "@type": "sc:Person",
        "name": "Zoë O'Neil",
        "url": "https://orcid.org/0000-0002-1825-0097",
        "affiliation": {"@type": "sc:Organization", "name": '"Πανεπιστήμιο"'},
    }
    assert validate(Path("crate"))[0] == 0


def test_what_authors_must_still_give_is_named(study):
    text = Path("CITATION.cff").read_text(encoding="utf-8")
    Path("CITATION.cff").write_text(text.replace("version: 0.1.0", "version: first"))
    missing = [each for each in exporting.export(Path("crate")).missing if "Croissant" in each]
    assert missing == [
        "Croissant: the web address of the data, as `url` in CITATION.cff",
        "Croissant: a version such as 1.2.3, as `version` in CITATION.cff",
    ]
    assert not {"url", "version"} & described().keys()


def test_a_file_of_tensors_that_is_none_is_one_message(tmp_path):
    (tmp_path / "ratings.safetensors").write_bytes(b"no tensors")
    with pytest.raises(TensorsError, match="ratings.safetensors: this is no file of tensors"):
        header(tmp_path / "ratings.safetensors")
