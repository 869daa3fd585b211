"""Records, seals and results in one form: nothing among them that no job wrote."""

import json
from pathlib import Path

import pytest

import small_study
from small_study import OTHER, TABLE, record, rewritten, seal, verified
from twotower.audits.seal import sealed_files
from twotower.records import environment, job_records, run_records, workflow_rules
from twotower.records.reading import canonical

ROOT = Path(__file__).parents[3]
WILDCARDS = ("data", "run", "block", "fit", "experiment", "figure", "source", "part", "method",
             "table")  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small_study.make()
    return tmp_path


SPOILT = {
    "a key twice": lambda text: text.replace('"rule": "do"', '"rule": "other",\n  "rule": "do"'),
    "NaN": lambda text: text.replace('"bytes": 2', '"bytes": NaN'),
    "another order": lambda text: json.dumps(json.loads(text), indent=2) + "\n",
    "no indent": lambda text: json.dumps(json.loads(text), sort_keys=True) + "\n",
    "something behind it": lambda text: text + " ",
    "other ends of lines": lambda text: text.replace("\n", "\r\n"),
    "an escaped letter": lambda text: text.replace('"do"', '"\\u0064o"'),
    "a number written otherwise": lambda text: text.replace('"bytes": 2', '"bytes": 2e0'),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_record_in_another_form_is_forged(folder, spoil):
    place = job_records.record_path(TABLE)
    text = place.read_text()
    if spoil is SPOILT["another order"]:
        content = dict(reversed(json.loads(text).items()))
        spoilt = json.dumps(content, indent=2) + "\n"
    else:
        spoilt = spoil(text)
    assert spoilt != text
    place.write_bytes(spoilt.encode())
    seal()
    assert verified().files[place.as_posix()].verdict == "FORGED"


def test_other_records_have_one_form_too(folder):
    run = run_records.RUNS / f"{'0' * 16}.json"
    run.parent.mkdir(parents=True)
    [used] = [path.stem for path in environment.ENVIRONMENTS.iterdir()]
    for place in (environment.ENVIRONMENTS / f"{used}.json", run):
        place.write_text((place.read_text() if place.exists() else "{}") + " ")
        seal()
        each = verified().files[place.as_posix()]
        assert each.verdict == "FORGED" and "the one form" in each.reason


def test_a_seal_has_one_form(folder):
    text = sealed_files.MANIFEST.read_text()
    for spoilt in (text + "\n", text.replace('"path": "Snakefile"', '"path": "Snakefile" '),
                   text.replace("\n", "\r\n")):  # fmt: skip
        assert spoilt != text
        sealed_files.MANIFEST.write_bytes(spoilt.encode())
        each = verified().files[sealed_files.MANIFEST.as_posix()]
        assert each.reason == "it is not as `make seal` writes it"


@pytest.mark.parametrize("path", ["results/mine.csv", "results/.hidden", "results/records/x.txt",
                                  "results/records/.x.json", "results/records/runs/x.diff",
                                  "results/seal/more.json", "results/logs/odd.txt",
                                  "results/preregistration/study.json",
                                  "results/benchmarks/x.csv"])  # fmt: skip
def test_what_no_job_recorded_is_a_fault_though_it_was_sealed(folder, path):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("x")
    seal()
    each = verified().files[path]
    assert (each.verdict, each.reason) == ("UNRECORDED", "no job recorded this file")


def test_a_checkpoint_and_a_log_that_were_sealed_are_faults(folder):
    Path("results/checkpoints").mkdir()
    Path("results/checkpoints/a-0").write_text("x")
    seal(**{"results/logs/do.log": 1})
    found = verified().files
    assert "a checkpoint, which no finished study has" in found["results/checkpoints/a-0"].reason
    assert found["results/logs/do.log"].verdict != "OK"


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"rule": "other"}, "the project has no rule other that would make it"),
        ({"outputs": [TABLE, OTHER]}, "no job of the rule do makes just"),
        ({"outputs": [TABLE, "results/c.csv"]}, "no job of the rule do makes just"),
    ],
)
def test_a_record_that_no_job_wrote_is_forged(folder, changes, words):
    rewritten(TABLE, **changes)
    seal()
    found = verified().files
    told = [found[path] for path in (TABLE, job_records.record_path(TABLE).as_posix())]
    assert any(words in each.reason and each.verdict == "FORGED" for each in told)


def test_an_output_of_another_rule_is_no_output_of_this_one(folder):
    Path("results/figures").mkdir()
    Path("results/figures/a.png").write_text("x")
    record("results/figures/a.png")
    seal()
    place = job_records.record_path("results/figures/a.png").as_posix()
    assert verified().files[place].verdict == "FORGED"


def test_every_rule_of_the_project_says_plainly_what_it_makes():
    """Else no record of it could be held against it."""
    for rule in workflow_rules.read(ROOT).values():
        wildcards = dict.fromkeys(WILDCARDS, "x1")
        outputs = [workflow_rules._filled(pattern, wildcards) for _, pattern in rule.outputs]
        assert outputs and rule.makes(outputs), rule.name
        assert not rule.makes([*outputs, "results/more.csv"])
        assert len(outputs) == 1 or not rule.makes(outputs[1:])


def test_writing_and_reading_share_one_form(tmp_path):
    for content in ({}, {"b": [1, 2.5, None, "ä\n"], "a": {"z": True}}, [1e-300, 10**30]):
        for indent in (1, 2):
            assert canonical.parsed(canonical.text(content, indent), indent) == content
    for text in ("NaN\n", "[1,1]\n", '{"a": 1, "a": 1}', "[" * 10**5, ""):
        with pytest.raises(ValueError):
            canonical.parsed(text)
    for text in ('{"a": 1, "a": 1}', "[NaN]", "[-Infinity]"):
        with pytest.raises(ValueError):
            canonical.strict(text)
    with pytest.raises(ValueError):
        canonical.text(float("inf"))
