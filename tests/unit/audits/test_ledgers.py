"""What verify says of each ledger of claims, and of the tables that its rules judged."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from twotower.audits.verify import study
from twotower.audits.verify.findings import Verification
from twotower.study.rules import ledgers
from twotower.study.rules.ledgers import LEDGERS, Ledger

ROOT = Path(__file__).parents[3]
THIRD = Ledger("results/tables/third.csv", LEDGERS[1].rules, LEDGERS[1].load)
ALL = [*LEDGERS, THIRD]
"""A third one takes no more than its line."""


@pytest.fixture
def evidence(tmp_path, monkeypatch):
    """A folder with three honest ledgers, and a table that the first rules judged."""
    monkeypatch.setattr(study, "LEDGERS", tuple(ALL))
    (tmp_path / "results/tables").mkdir(parents=True)
    (tmp_path / "workflow").mkdir()
    for each in ALL:
        (tmp_path / each.rules).write_bytes((ROOT / each.rules).read_bytes())
        write(tmp_path, each.table, of(each))
    write(tmp_path, "results/tables/rates.csv", of(LEDGERS[0]).drop(columns="claim"))
    found = dict.fromkeys([*(each.table for each in ALL), "results/tables/rates.csv"])
    return SimpleNamespace(folder=tmp_path, project=tmp_path, found=found, odd=set())


def of(each: Ledger) -> pd.DataFrame:
    rules = each.load(ROOT / each.rules)
    claims = [claim.id for claim in rules.claims]
    return pd.DataFrame({"claim": claims, "decisions": rules.label})


def write(folder: Path, name: str, table: pd.DataFrame) -> None:
    table.to_csv(folder / name, index=False)


def told(evidence) -> dict[str, tuple[str, str]]:
    result = Verification()
    study._check_decisions(evidence, result)
    return {path: (each.verdict, each.reason) for path, each in result.wrong().items()}


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.table)
def test_each_ledger_is_held_against_its_own_rules(evidence, each):
    assert told(evidence) == {}
    name = each.load(ROOT / each.rules).claims[-1].id
    write(evidence.folder, each.table, of(each).iloc[:-1])
    reason = f"its claims are not those of {each.rules}: {name}"
    assert told(evidence) == {each.table: ("FORGED", reason)}
    for cut in (of(each).iloc[:0], of(each).drop(columns="claim")):
        write(evidence.folder, each.table, cut)
        assert told(evidence)[each.table][0] == "FORGED"
    write(evidence.folder, each.table, of(each).assign(decisions="v0:0"))
    assert {path: verdict for path, (verdict, _) in told(evidence).items()} == {each.table: "STALE"}
    (evidence.folder / each.rules).write_text("version: 1\n")
    assert told(evidence)[each.rules][0] == "CHANGED"
    evidence.odd.add(each.rules)
    assert told(evidence)[each.rules] == ("CHANGED", "these are no longer valid rules")


def test_studies_without_a_further_ledger_need_not_have_its_rules(evidence):
    evidence.found = {"results/tables/claims.csv": None}
    (evidence.folder / ledgers.LEDGERS[1].rules).unlink()
    assert told(evidence) == {}
