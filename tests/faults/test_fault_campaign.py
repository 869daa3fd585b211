"""Every kind of fault, to a run of a small study or to its `make resume`."""

import re
import shutil
import sys
from pathlib import Path

import pytest
import warm_python
import yaml
from copies import MICRO

from fault_campaign import Outcome, plan, table, trial, undisturbed
from fault_kinds import KINDS

STUDY = MICRO | {
    "name": "small",
    "arms": {"erm": MICRO["arms"]["erm"]},
    "experiments": {"smoothness": {"title": "One cell", "vary": {"smoothness": [1.0]}}},
}
SECONDS = 6.0  # the latest instant: about when a resumed run has done its first jobs
PAIRS = [[*KINDS][at : at + 2] for at in range(0, len(KINDS), 2)]


def until_the_risks(project: Path) -> None:
    """Let the study end with its risks: most kinds of jobs have run, and most time is saved."""
    snakefile = project / "Snakefile"
    text = snakefile.read_text(encoding="utf-8")
    risks = "[path for inputs in JOBS.rates_of.values() for path, *_ in inputs],"
    pattern = r"(rule all:\n.*?rules\.index\.output,\n)( +)\S.*?\n\n"
    text, count = re.subn(pattern, rf"\1\2{risks}\n\n", text, flags=re.DOTALL)
    assert count == 1
    snakefile.write_text(text, encoding="utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="faults are done through Linux")
@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
@pytest.mark.parametrize("kinds", PAIRS, ids=", then ".join)
def test_results_are_the_same_after_every_kind_of_fault(kinds, once, tmp_path):
    """Two faults, the first one to a run, the second one to its `make resume`."""
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(STUDY, sort_keys=False))
    calm = warm_python.python()
    made = {"study": tmp_path / "study.yaml", "prepare": until_the_risks, "calm": calm}
    place, _ = once("faults", lambda place: str(undisturbed(place, **made)[1]))
    reference, _ = undisturbed(place, **made)
    planned = {fault.kind: fault for fault in plan(4, len(KINDS), [*KINDS])}
    faults = [planned[kind] for kind in kinds]
    outcome = trial(tmp_path / "trial", place / "project", faults, reference, SECONDS, calm)
    printed = (tmp_path / "trial" / "printed.txt").read_text()
    assert outcome.survived, f"{outcome.problem}\n{printed[-5000:]}"
    assert len(reference) > 15


def test_a_seed_gives_one_plan():
    kinds = [*KINDS]
    assert plan(1, 50, kinds) == plan(1, 50, kinds)
    assert plan(1, 50, kinds)[:20] == plan(1, 20, kinds)
    assert [fault.kind for fault in plan(2, 20, kinds)] == kinds * 2
    assert all(0 < fault.at < 1 for fault in plan(1, 50, kinds))
    assert plan(1, 1, kinds) != plan(2, 1, kinds)


def test_the_table_counts_by_kind_and_in_all():
    outcomes = [
        Outcome("kill a job", 1.0, "", True, "", 10, 5.0),
        Outcome("kill a job", 2.0, "", False, "1 files differ, first index.csv", 30, 7.0),
        Outcome("full disk", 2.0, "", True, "", 1000, 9.0),
    ]
    assert table(outcomes).splitlines()[2:] == [
        "| kill a job | 2 | 1 | 20 | 30 | 6 |",
        "| full disk | 1 | 1 | 1,000 | 1,000 | 9 |",
        "| all | 3 | 2 | 30 | 1,000 | 7 |",
    ]
