"""The frozen decisions: read whole or refused, and named by their bytes."""

from typing import get_args

import pytest

from frozen import DECISIONS, PATH
from twotower.claims.rules import RULES
from twotower.study import decisions
from twotower.study.decisions import DecisionsError, RuleName


def test_the_label_is_version_and_hash():
    version, digest = DECISIONS.label.split(":")
    assert version == f"v{DECISIONS.version}"
    assert len(digest) == 10 and int(digest, 16) >= 0


def test_any_byte_changes_the_label_and_nothing_else(tmp_path):
    copy = tmp_path / "decisions.yaml"
    copy.write_bytes(PATH.read_bytes())
    assert decisions.load(copy) == DECISIONS
    copy.write_bytes(PATH.read_bytes() + b"# ")
    changed = decisions.load(copy)
    assert changed.label != DECISIONS.label
    assert changed.thresholds == DECISIONS.thresholds


def test_the_thresholds_are_those_of_the_theory():
    rules = DECISIONS.thresholds
    assert (rules.delta, rules.window_risk, rules.min_window_sizes) == (0.05, 0.25, 5)
    assert (rules.reference_tolerance, rules.max_optimization_error) == (0.1, 0.15)
    assert (rules.meta_slope_low, rules.meta_slope_high) == (0.85, 1.15)


def test_every_claim_has_a_rule_and_every_rule_a_claim():
    assert {claim.rule for claim in DECISIONS.claims} == set(RULES) == set(get_args(RuleName))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("delta: 0.05", "delta: -1", "thresholds.delta: input should be greater than 0"),
        ("delta: 0.05", "dleta: 0.05", "thresholds.dleta: unexpected keyword argument"),
        ("version: 3", "version: one", "version: input should be a valid integer"),
        ('id: "2"', 'id: "1"', "claims with the same id: 1"),
        ("version: 3", "version: [", "line "),
        (
            "delta: 0.05",
            "delta: .inf",
            "thresholds.delta: input should be a finite number, not inf",
        ),
        (
            "delta: 0.05",
            "delta: true",
            "thresholds.delta: input should be a valid number, not true",
        ),
        ("delta: 0.05", "delta: '0.05'", "thresholds.delta: input should be a valid number"),
        ("delta: 0.05", "delta: 0.05\n  delta: 0.06", "'delta' is given twice"),
        (
            "arms: [erm]",
            "arms: [emr]",
            "confirmatory.arms.0: input should be 'erm', 'adam', 'pairwise'",
        ),
        ("[normal]", "[gauss]", "confirmatory.noises.0: input should be 'normal' or 'student'"),
        ("rule: primary", "rule: primry", "claims.0.rule: input should be 'primary', "),
        ("[approximation]", "[aproximation]", "claims.2.experiments.0: input should be 'approx"),
        ("_low: 0.85", "_low: 1.85", "thresholds.meta_slope_low: not below meta_slope_high"),
        ("version: 3", "version: !!python/name:os.system 1", "leave it out, values need no tag"),
    ],
)
def test_a_faulty_file_is_one_message(tmp_path, old, new, message):
    text = PATH.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "decisions.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DecisionsError, match="decisions.yaml") as caught:
        decisions.load(path)
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "label: x"])
def test_a_file_of_something_else(tmp_path, text):
    path = tmp_path / "decisions.yaml"
    path.write_text(text)
    with pytest.raises(DecisionsError, match="must hold version, thresholds, confirmatory"):
        decisions.load(path)
    with pytest.raises(DecisionsError, match="there is no such file"):
        decisions.load(tmp_path / "absent.yaml")
