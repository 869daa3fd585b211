"""What others than this project read in a crate: the public validator, JSON-LD, runcrate."""

import json
import os
import subprocess
from pathlib import Path

import pytest

import planted_study as planted
from graphs import claiming, content_of, entity
from twotower.audits import exporting
from twotower.audits.crate import profiles
from twotower.audits.crate_check import check, contexts, graph_view

NEWER = profiles.PROFILES["0.6"]
VALIDATOR = planted.ROOT / ".venv-validator/bin/python"
RUNCRATE = VALIDATOR.with_name("runcrate")
VALIDATE = "scripts/validate_crate.py"
needs_validator = pytest.mark.skipif(
    not VALIDATOR.exists(), reason="`make .venv-validator/installed` installs the validator"
)


def validate(crate: Path | str, project: Path = planted.ROOT) -> subprocess.CompletedProcess:
    """The public validator, with nothing but addresses that do not answer in reach."""
    offline = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    command = [VALIDATOR, "-B", project / VALIDATE, crate]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | offline)


@needs_validator
def test_the_public_validator_finds_no_fault(crate):
    done = validate(crate, crate)  # every crate has what validates it
    assert "required checks of provenance-run-crate, 0 failed\n" in done.stdout, (
        done.stdout + done.stderr
    )
    assert int(done.stdout.split()[0]) >= 85
    assert check.check(crate).faults == {}


@needs_validator
@pytest.mark.parametrize("graph", [None, "", "[]", '{"@graph": [{"@id": "./", "@type": "File"}]}'])
def test_no_crate_is_one_message_of_the_validator(tmp_path, graph):
    if graph is not None:
        (tmp_path / check.METADATA).write_text(graph)
    done = validate(tmp_path)
    assert done.returncode == 1
    if graph and "File" in graph:  # a graph, though of no crate
        assert "failed" in done.stdout
    else:
        assert done.stderr.startswith("NoCrateError: ") and done.stderr.count("\n") == 1


@needs_validator
def test_the_public_validator_finds_what_is_planted(study):
    """Else its silence would mean nothing; and a crate without the data passes all the same."""
    exporting.export(Path("crate"), frozenset({"data"}))
    path = Path("crate", check.METADATA)
    content = content_of(path.parent)
    del entity(content, "#job/train/")["instrument"]
    path.write_text(json.dumps(content), encoding="utf-8")
    done = validate(path.parent)
    assert done.returncode == 1
    failed = done.stdout.splitlines()[:-2]  # then a line of either validator
    assert failed and all("instrument" in line or "tool" in line for line in failed), failed


EXPAND = """
import json, sys, rdflib
graph = rdflib.Graph().parse(data=sys.stdin.read(), format="json-ld")
print(json.dumps(sorted({str(each) for triple in graph for each in triple[1:]})))
"""


@needs_validator
def test_a_reader_of_json_ld_finds_the_new_addresses_and_none_of_the_old(newer):
    content = content_of(newer)
    content["@context"] = [contexts.CONTEXTS[each] for each in content["@context"]]
    done = subprocess.run([VALIDATOR, "-c", EXPAND], input=json.dumps(content),
                          capture_output=True, text=True, check=True)  # fmt: skip
    found = set(json.loads(done.stdout))
    for new, *old in contexts.RENAMED.values():
        assert new in found and not found & set(old)


def pruned(content: dict) -> None:
    """Leave out packages and the files that no run names: the public validator is slow."""
    workflow, root = entity(content, "Snakefile"), entity(content, "./")
    workflow["softwareRequirements"] = workflow["softwareRequirements"][:2]
    used = {each for one in content["@graph"] if one is not root
            for value in one.values() for each in graph_view.ids(value)}  # fmt: skip
    kinds = ("File", "SoftwareApplication")
    content["@graph"] = [each for each in content["@graph"]
                         if each["@type"] not in kinds or each["@id"] in used]  # fmt: skip
    there = {each["@id"] for each in content["@graph"]}
    root["hasPart"] = [each for each in root["hasPart"] if each["@id"] in there]


@needs_validator
def test_the_public_validator_judges_the_base_and_the_table_the_rest(study):
    exporting.export(Path("crate"), profile=NEWER)
    content = content_of(Path("crate"))
    pruned(content)
    Path("crate", check.METADATA).write_text(json.dumps(content), encoding="utf-8")
    done = validate(Path("crate"))
    assert done.returncode == 0, done.stdout + done.stderr
    base, recommended, own, whom, _ = done.stdout.splitlines()  # the last one of croissant.json
    assert (
        base.endswith(" required checks of ro-crate-1.3, 0 failed") and int(base.split()[0]) >= 70
    )
    assert (
        recommended.startswith("recommended, and not followed: ")
        and f"endTime ({planted.JOBS + 1})" in recommended
    )
    assert own.endswith(" required rules of this project's own table, 0 broken")
    assert "0.13.0 knows Provenance Run Crate 0.5 only" in whom


@needs_validator
def test_both_judges_are_heard(tmp_path):
    """A crate of a few entities that breaks the base's rules and the profile's."""
    root = claiming("0.6")[0] | {"datePublished": "2026-01-01", "license": "MIT", "name": "few"}
    about = {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"},
             "conformsTo": {"@id": NEWER.base}}  # fmt: skip
    content = {"@context": [NEWER.context, profiles.RUN_CONTEXT], "@graph": [about, root]}
    (tmp_path / check.METADATA).write_text(json.dumps(content), encoding="utf-8")
    done = validate(tmp_path)
    assert done.returncode == 1
    assert any(line.startswith("ro-crate-1.") and "`description`" in line
               for line in done.stdout.splitlines())  # fmt: skip
    assert "no main workflow (document): MUST @graph" in done.stdout
    content["@graph"][1]["conformsTo"] = claiming("0.7")[0]["conformsTo"]
    (tmp_path / check.METADATA).write_text(json.dumps(content), encoding="utf-8")
    done = validate(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("ProfileError: ") and done.stderr.count("\n") == 1


@pytest.mark.skipif(not RUNCRATE.exists(), reason="`make .venv-validator/installed` installs it")
def test_runcrate_reads_both_versions_alike(newer, crate):
    said = [subprocess.run([RUNCRATE, "report", place], capture_output=True, text=True, check=True)
            for place in (crate, newer)]  # fmt: skip
    assert said[0].stdout == said[1].stdout
    told = said[1].stdout.split("\n\n")
    assert told[0].startswith("action: #run\n  instrument: Snakefile ")
    (trained,) = [each for each in told if each.startswith("action: #job/train/")]
    assert "step: #step/train\n" in trained
    assert f"    {planted.RATINGS} <- #parameter/train/input/generate_data/ratings\n" in trained
    assert f"    {planted.WEIGHTS} <- #parameter/train/output/weights" in trained
    assert sum(each.startswith("action: #job/") for each in told) == planted.JOBS
