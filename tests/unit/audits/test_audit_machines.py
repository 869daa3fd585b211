"""A tolerance is for other machines: on an equal one a near number is another number."""

import pytest

from twotower.audits.compare.rungs import Compared, Rung
from twotower.audits.rerun import judge
from twotower.audits.rerun import verdicts as audit_verdicts
from twotower.audits.rerun.findings import Audit
from twotower.audits.rerun.options import Asked
from twotower.audits.rerun.run import Outcome
from twotower.audits.verify.evidence import gather
from twotower.audits.verify.findings import Verification
from twotower.records import environment
from twotower.records.job_graph import JobGraph, RecordedJob


def test_a_tolerance_excuses_nothing_on_an_equal_machine():
    files = {"one": Compared(Rung.NUMERICAL, "1 of 2"), "other": Compared(Rung.BYTES)}
    outcome = Outcome(Rung.NUMERICAL, files)
    outcome.hold()
    assert (outcome.rung, files["other"].rung) == (Rung.DIFFERENT, Rung.BYTES)
    assert outcome.detail == (
        "1 of 2: within the tolerance, but nothing in the environments explains it"
    )
    for rung in (Rung.BYTES, Rung.CONTENT, Rung.DIFFERENT):
        same = Outcome(rung, {"one": Compared(rung, "as is")})
        same.hold()
        assert (same.rung, same.detail) == (rung, "as is")


def machine(folder, model, beside):
    made = environment.current() | {"beside": beside}
    return environment.save(made | {"cpu": made["cpu"] | {"model": model}}, folder)


@pytest.mark.parametrize(
    ("model", "beside", "rung"),
    [("this", {}, Rung.DIFFERENT), ("another", {}, Rung.NUMERICAL), ("this", {"mine": "1"},
     Rung.DIFFERENT)],
)  # fmt: skip
def test_an_audit_holds_jobs_whose_environment_is_the_recorded_one(tmp_path, model, beside, rung):
    was = machine(tmp_path / "given", "this", {})
    now = machine(tmp_path / "clone", model, beside)
    made = {"rule": "evaluate", "inputs": {}, "outputs": ["results/risks/a.csv"]}
    one = RecordedJob("results/risks/a.csv", made | {"environment": was})
    evidence = gather(tmp_path / "given", tmp_path / "given", None)
    found = Audit(Asked(tmp_path / "given"), "", False, {}, Verification(evidence=evidence))
    found.graph = JobGraph({one.name: one})
    near = Compared(Rung.NUMERICAL, "near")
    found.outcomes = {one.name: Outcome(Rung.NUMERICAL, {one.name: near}, environment=now)}
    judge.judge(found, None, {one.name: tmp_path / "clone"}, 1e-3)
    assert found.outcomes[one.name].rung == rung
    assert audit_verdicts.failed(found.verdict) == (rung == Rung.DIFFERENT)
