"""A study of two experiments by hand: which jobs a claim rests on, and what befalls it."""

import pandas as pd
import pytest

from twotower.audits.compare.rungs import Compared, Rung
from twotower.audits.rerun import jobs as audit_jobs
from twotower.audits.rerun import verdicts as audit_verdicts
from twotower.audits.rerun.run import Outcome
from twotower.audits.rerun.verdicts import LEDGER, Reproduction
from twotower.audits.verify.findings import Verification
from twotower.records import environment, job_records
from twotower.records.job_graph import JobGraph, RecordedJob
from twotower.study.decisions import Claim

RATES = ["rates/smoothness/rates.csv", "rates/depth/rates.csv"]
# rule, outputs, inputs
PARTS = [
    ("generate_data", ["data/a/ratings.safetensors"], []),
    ("generate_data", ["data/b/ratings.safetensors"], []),
    ("train", ["runs/a/0.safetensors", "runs/a/0.losses.csv"], ["data/a/ratings.safetensors"]),
    ("train", ["runs/b/0.safetensors"], ["data/b/ratings.safetensors"]),
    ("evaluate", ["risks/a.csv"], ["runs/a/0.safetensors"]),
    ("evaluate", ["risks/b.csv"], ["runs/b/0.safetensors"]),
    ("fit_rates", ["rates/smoothness/rates.csv"], ["risks/a.csv"]),
    ("fit_rates", ["rates/depth/rates.csv"], ["risks/b.csv"]),
    ("combine_rates", ["tables/rates.csv"], RATES),
    ("cold_start_table", ["tables/cold_start.csv"], ["tables/rates.csv"]),
    ("draw_experiment", ["figures/smoothness.pdf"], ["rates/smoothness/rates.csv"]),
    ("draw_experiment", ["figures/depth.pdf"], ["rates/depth/rates.csv"]),
    ("claims", ["tables/claims.csv"], ["tables/rates.csv", "tables/cold_start.csv"]),
]  # fmt: skip
LEDGER_ROWS = pd.DataFrame(
    {
        "claim": ["4a", "6", "8", "9.1"],
        "statement": ["Smoothness helps", "Depth is free", "Newcomers", "Lemma"],
        "verdict": ["holds", "holds", "not decided", "not tested in this study"],
        "result": ["slope -0.50 [-0.55, -0.45]", "2 of 2 cells", "ratio 1.10", None],
        "measured": [-0.5, None, 1.1, None],
        "figure": ["results/figures/smoothness.pdf", "results/figures/depth.pdf", None, None],
    }
)


def job(rule, outputs, inputs):
    outputs = [f"results/{path}" for path in outputs]
    record = {
        "rule": rule,
        "inputs": {f"results/{path}": "" for path in inputs} | {"workflow/decisions.yaml": ""},
        "outputs": outputs,
    }
    return RecordedJob(outputs[0], record)


def claim(name, rule, experiments):
    return Claim(name, "", "", "", rule, tuple(experiments), "", "")


CLAIMS = {
    "4a": claim("4a", "smoothness", ["smoothness"]),
    "6": claim("6", "verdicts", ["depth"]),
    "8": claim("8", "cold_start", []),
}


@pytest.fixture
def graph():
    jobs = {each.name: each for each in (job(*part) for part in reversed(PARTS))}
    return JobGraph(jobs)


def judged(graph, changed=(), wrong=(), again=LEDGER_ROWS, relative=1e-3, explained=None):
    """Verdicts by claim, where some jobs reached other rungs and some files are not as made."""
    explained = graph.jobs if explained is None else explained
    outcomes = {
        name: Outcome(Rung.BYTES, {name: Compared(Rung.BYTES)}) for name in graph.jobs
    } | dict(changed)
    verified = Verification()
    for path, verdict in dict(wrong).items():
        verified.add(path, verdict, "because")
    evidence = CLAIMS, graph, outcomes, verified, relative, explained
    found = audit_verdicts.judge(LEDGER_ROWS, again, *evidence)
    assert [each.claim for each in found] == ["4a", "6", "8"], "the untested one has no verdict"
    return {each.claim: each for each in found}


def verdicts(*arguments, **options):
    return {name: str(each.verdict) for name, each in judged(*arguments, **options).items()}


def reached(path, rung, detail="off"):
    name = f"results/{path}"
    return {name: Outcome(rung, {name: Compared(rung, detail)})}


def test_jobs_come_in_the_order_of_the_study(graph):
    names = list(graph.jobs)
    for name, each in graph.jobs.items():
        assert all(names.index(before) < names.index(name) for before in graph.before(each))
    assert set(names) == {f"results/{outputs[0]}" for _, outputs, _ in PARTS}


def test_a_claim_rests_on_its_own_cells_and_the_table_of_all_rates(graph):
    jobs = judged(graph)["4a"].jobs
    assert set(jobs) == {
        "results/data/a/ratings.safetensors",
        "results/runs/a/0.safetensors",
        "results/risks/a.csv",
        "results/rates/smoothness/rates.csv",
        "results/figures/smoothness.pdf",
        "results/tables/rates.csv",
    }
    assert jobs[0] == "results/data/a/ratings.safetensors"
    # a claim about all cells rests on all, but on no figure of an experiment
    assert len(judged(graph)["8"].jobs) == len(PARTS) - 3


@pytest.mark.parametrize(
    ("path", "rung", "expected"),
    [
        ("runs/a/0.safetensors", Rung.CONTENT, ["EQUIVALENT", "IDENTICAL", "EQUIVALENT"]),
        ("risks/b.csv", Rung.NUMERICAL, ["IDENTICAL", "WITHIN TOLERANCE", "WITHIN TOLERANCE"]),
        ("risks/b.csv", Rung.DIFFERENT, ["IDENTICAL", "DIFFERENT", "DIFFERENT"]),
        ("figures/smoothness.pdf", Rung.DIFFERENT, ["DIFFERENT", "IDENTICAL", "IDENTICAL"]),
        ("tables/rates.csv", Rung.DIFFERENT, ["DIFFERENT"] * 3),
        ("tables/cold_start.csv", Rung.CONTENT, ["IDENTICAL", "IDENTICAL", "EQUIVALENT"]),
    ],
)
def test_what_diverges_befalls_the_claims_that_rest_on_it(graph, path, rung, expected):
    assert list(verdicts(graph, reached(path, rung)).values()) == expected


def test_the_first_job_that_diverged_is_named(graph):
    changed = reached("rates/smoothness/rates.csv", Rung.DIFFERENT, "later") | reached(
        "runs/a/0.safetensors", Rung.DIFFERENT, "first") | reached(
        "data/a/ratings.safetensors", Rung.CONTENT, "packed")  # fmt: skip
    found = judged(graph, changed)["4a"]
    assert (found.diverged, found.why) == ("results/runs/a/0.safetensors", "first")


@pytest.mark.parametrize(
    ("path", "verdict", "expected"),
    [
        ("results/runs/a/0.losses.csv", "CHANGED", ["TAMPERED", "IDENTICAL", "TAMPERED"]),
        ("results/records/risks/b.csv.json", "FORGED", ["IDENTICAL", "TAMPERED", "TAMPERED"]),
        ("results/figures/depth.pdf", "MISSING", ["IDENTICAL", "TAMPERED", "IDENTICAL"]),
        ("workflow/decisions.yaml", "CHANGED", ["TAMPERED"] * 3),
        ("results/tables/mine.csv", "EXTRA", ["IDENTICAL"] * 3),
        ("results/risks/a.csv", "STALE", ["IDENTICAL"] * 3),  # the rerun decides
    ],
)
def test_what_verify_found_befalls_the_claims_that_rest_on_it(graph, path, verdict, expected):
    assert list(verdicts(graph, wrong={path: verdict}).values()) == expected


def test_tampering_is_graver_than_a_difference_and_that_than_a_failure(graph):
    different = reached("risks/a.csv", Rung.DIFFERENT)
    failed = {"results/data/a/ratings.safetensors": Outcome(why="its rerun failed")}
    wrong = {"results/risks/a.csv": "CHANGED"}
    assert verdicts(graph, different | failed, wrong)["4a"] == "TAMPERED"
    assert verdicts(graph, different | failed)["4a"] == "DIFFERENT"
    found = judged(graph, failed)["4a"]
    assert (found.verdict, found.why) == (Reproduction.NOT_RUN, "its rerun failed")
    assert verdicts(graph, failed)["6"] == "IDENTICAL"


def test_jobs_that_were_not_drawn_are_no_failure(graph):
    drawn = {name: Outcome(asked=False) for name in list(graph.jobs)[:6]}
    found = judged(graph, drawn)
    assert {str(each.verdict) for each in found.values()} == {"IDENTICAL"}
    assert found["4a"].rerun < len(found["4a"].jobs)


def changed_ledger(**values):
    again = LEDGER_ROWS.copy()
    for column, value in values.items():
        again.loc[0, column] = value
    return again


def test_a_verdict_that_comes_out_otherwise_is_different_for_that_claim_alone(graph):
    for values in ({"verdict": "fails"}, {"measured": -0.7}, {"result": "slope -0.70"}):
        again = changed_ledger(**values)
        assert list(verdicts(graph, again=again).values()) == ["DIFFERENT", *["IDENTICAL"] * 2]
    near = changed_ledger(measured=-0.5001, result="slope -0.51 [-0.55, -0.45]")
    assert verdicts(graph, again=near)["4a"] == "IDENTICAL", "its jobs decide"
    assert set(verdicts(graph, again=None).values()) == {"NOT RUN"}


def test_a_ledger_within_the_tolerance_is_different_where_no_environment_explains_it(graph):
    near = changed_ledger(measured=-0.5001)
    found = judged(graph, again=near, explained=())["4a"]
    assert found.verdict == Reproduction.DIFFERENT
    assert found.why.endswith("within the tolerance, but nothing in the environments explains it")
    assert set(verdicts(graph, explained=()).values()) == {"IDENTICAL"}


PINNED = ["cpu model another, not this"]
UNPINNED = [f"more {environment.BESIDE}: mine"]


@pytest.mark.parametrize(
    ("differences", "everything", "expected"),
    [
        ({"data/a/ratings.safetensors": PINNED}, True, True),  # what it makes is read later
        ({"data/a/ratings.safetensors": PINNED}, False, False),  # each from its recorded inputs
        ({"risks/a.csv": PINNED}, False, True),
        ({"risks/b.csv": PINNED}, True, False),  # of another cell
        ({"risks/a.csv": UNPINNED}, True, False),
        ({"risks/a.csv": PINNED + UNPINNED}, True, True),
        ({}, True, False),
    ],
)
def test_what_explains_other_numbers_of_a_job(graph, differences, everything, expected):
    lines = {f"results/{path}": told for path, told in differences.items()}
    found = audit_verdicts.explained(graph, lines, everything)
    assert ("results/risks/a.csv" in found) == expected


def test_a_verdict_edited_by_hand_is_tampered_for_that_claim_alone(graph):
    wrong = {LEDGER: "CHANGED"}
    again = changed_ledger(verdict="fails")
    assert list(verdicts(graph, wrong=wrong, again=again).values()) == [
        "TAMPERED", "IDENTICAL", "IDENTICAL"]  # fmt: skip


def test_what_an_audit_ends_with():
    good = [Reproduction.IDENTICAL, Reproduction.EQUIVALENT, Reproduction.WITHIN_TOLERANCE]
    for verdict in Reproduction:
        assert audit_verdicts.failed(verdict) == (verdict not in good)
        assert audit_verdicts.worst([Reproduction.IDENTICAL, verdict]) == verdict
        assert "reproduced" not in verdict.lower()
    assert audit_verdicts.worst([]) == Reproduction.IDENTICAL


def test_no_job_of_a_group_comes_before_another(graph):
    groups = audit_jobs.groups(graph.jobs.values(), graph)
    assert sorted(each.name for group in groups for each in group) == sorted(graph.jobs)
    for group in groups:
        names = {each.name for each in group}
        for each in group:
            above = set(graph.upstream([each.name])) - {each.name}
            assert not above & names
    assert len(groups) == 7  # as deep as the study
    two = [
        graph.jobs["results/tables/claims.csv"],
        graph.jobs["results/data/a/ratings.safetensors"],
    ]
    assert len(audit_jobs.groups(two, graph)) == 2
    figures = [graph.jobs[f"results/figures/{name}.pdf"] for name in ("depth", "smoothness")]
    assert len(audit_jobs.groups(figures, graph)) == 1


def test_jobs_are_read_from_records_without_timings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outputs = ["results/benchmarks/train/a.csv", "results/runs/a/0.safetensors"]
    made_from = {"rule": "train", "code": "c", "settings": "s", "inputs": {}, "outputs": outputs}
    for path in outputs:
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("x")
        job_records.write(path, made_from)
    found = audit_jobs.graph(tmp_path)
    assert list(found.jobs) == outputs[1:]
    assert found.jobs[outputs[1]].outputs == (outputs[1],)
    assert not found.jobs[outputs[1]].always
    job_records.record_path(outputs[1]).write_text("{}")
    assert audit_jobs.graph(tmp_path).jobs == {}
