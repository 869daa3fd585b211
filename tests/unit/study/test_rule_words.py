"""The words of a rule and its numbers: a file in which they disagree is refused."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from frozen import DECISIONS, PATH, THRESHOLDS
from twotower.claims.rules import RULES
from twotower.rates import departures
from twotower.study import decisions
from twotower.study.decisions import DecisionsError
from twotower.study.rules import rule_words

ROOT = Path(__file__).parents[3]
TEXT = PATH.read_text(encoding="utf-8")


def loaded(tmp_path, *changes):
    text = TEXT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = tmp_path / "decisions.yaml"
    path.write_text(text, encoding="utf-8")
    return decisions.load(path)


def others(name: str, value: float) -> float:
    """Another allowed value of a threshold."""
    if isinstance(value, int):
        return value + 1
    return value - 0.015 if value < 1 and name != "meta_slope_low" else value + 0.015


NAMED = {
    rule_words._MADE.get(slot, (slot,))[0]
    for phrases in rule_words.PHRASES.values()
    for slot, _, _ in rule_words._SLOT.findall(" ".join(phrases))
}


@pytest.mark.parametrize("name", sorted(NAMED | set(rule_words.SAID_ELSEWHERE)))
def test_a_threshold_that_was_changed_alone_is_refused(tmp_path, name):
    value = getattr(THRESHOLDS, name)
    with pytest.raises(DecisionsError) as told:
        loaded(tmp_path, (f"  {name}: {value}", f"  {name}: {others(name, value):.10g}"))
    assert f"thresholds.{name} is {others(name, value):.10g}" in str(told.value)
    assert "git checkout" in str(told.value)


def test_every_number_of_a_rule_that_its_words_do_not_name_is_known():
    """These shape verdicts on cells, which say them in their own reasons, or tables."""
    assert set(asdict(THRESHOLDS)) - NAMED == {
        "window_risk", "min_window_sizes", "reference_tolerance", "max_optimization_error",
        "max_monte_carlo_error", "max_doubling_change", "min_widths", "min_extrapolation_sizes",
    }  # fmt: skip
    assert set(rule_words.PHRASES) <= set(RULES)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("cold_start_ratio: 1.25", "cold_start_ratio: 1.02",
         "claims.8.judged says 'ends below 1.25 in'; thresholds.cold_start_ratio is 1.02, "
         "which reads 'ends below 1.02 in': write that"),
        ("ends below 1.25", "ends below 1.3", "says 'ends below 1.3 in'; thresholds.cold_start"),
        ("ends below 1.25", "ends below two", "says 'ends below two in'; thresholds.cold_start"),
        ("ends below 1.25", "ends well below 1.25", "lacks 'ends below 1.25 in': write that"),
        ("ends below 1.25", "ends well below 1.25", "says '1.25', which no threshold"),
        ("two largest sizes", "three largest sizes", "which reads '95% intervals of the two"),
        ("(-1 + 2δ)", "(-1 + 3δ)", "claims.3.judged says '3δ', which no threshold of its rule"),
        ("within 2δ; fails", "within 0.3; fails", "claims.noise.judged lacks 'is within ± 0.10'"),
        ("certainly the lower", "surely 3 times lower", "claims.7.judged says '3', which no"),
        ("is above 1 and", "is above .9 and", "claims.7.judged says '.9', which no threshold"),
        ("as far as the widths run", "to 5%", "claims.1.prediction says '5%', which no"),
        ("Ambient dimension does neither", "Nothing above 0.2", "claims.4c.statement says '0.2'"),
    ],
)  # fmt: skip
def test_words_that_disagree_are_named_with_what_to_write(tmp_path, old, new, message):
    with pytest.raises(DecisionsError) as told:
        loaded(tmp_path, (old, new))
    assert message in str(told.value)


def test_numbers_may_be_changed_together_with_their_words(tmp_path):
    made = loaded(
        tmp_path, ("cold_start_ratio: 1.25", "cold_start_ratio: 1.02"),
        ("ends below 1.25", "ends below 1.020"), ("  delta: 0.05 ", "  delta: 0.06 "),
        ("± 0.10", "± 0.12"), ("-0.90 (-1", "−0.88 (-1"),
    )  # fmt: skip
    assert made.thresholds.cold_start_ratio == 1.02
    assert made.label != DECISIONS.label


def test_what_is_no_threshold_is_a_constant_of_the_code():
    assert f"the {departures.TAIL:.0%} quantile" in rule_words._NO_THRESHOLD.pattern


PAGES = {
    "README.md": (
        "{meta_slope_low} to {meta_slope_high}. Claims",
        "surely within {upper_tolerance} of its prediction",
        "by surely more than {upper_tolerance}",
        "logarithms and {delta} included",
    ),
    "docs/theory.md": (
        "with δ = {delta}.",
        "u lies above {upper_tolerance} and f does not",
        "u lies within ±{upper_tolerance}, an equivalence test",
        "u lies below −{upper_tolerance} |",
        "within ±{upper_tolerance} of its prediction",
        "within {meta_slope_low} to {meta_slope_high}, and fails",
        "within a factor {level_ratio} at every size",
        "below {max_monte_carlo_error}% of its risk",
        "at most ±{reference_tolerance:.2f} wide that comes within {reference_tolerance:.2f} of 0",
        "takes at most {max_optimization_error}% off",
        "The {extrapolated_sizes} largest sizes of a window",
    ),
}


@pytest.mark.parametrize("page", PAGES)
def test_pages_for_readers_say_the_numbers_of_the_rules(page):
    text = re.sub(r"\s+", " ", (ROOT / page).read_text(encoding="utf-8"))
    said = [rule_words.filled(phrase, asdict(THRESHOLDS)) for phrase in PAGES[page]]
    assert not [phrase for phrase in said if phrase not in text]
