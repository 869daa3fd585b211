"""Fresh seeds: how many, which ones, and which numbers they make unlikely."""

import pandas as pd
import pytest

from twotower.audits.rerun import seeds
from twotower.audits.rerun.verdicts import LEDGER
from twotower.study.decisions import Claim

SMOOTHNESS = Claim("4a", "", "", "", "smoothness", ("smoothness",), "", "")


def test_fresh_seeds_judge_by_the_interval_of_one_more_draw():
    # mean 2, sd 1, t of 4 degrees of freedom at 97.5%: 2.776445
    low, high = seeds.interval(pd.Series([1.0, 1.5, 2.0, 2.5, 3.0]).to_numpy(), 0.95)
    half = 2.7764451 * 0.625**0.5 * 1.2**0.5
    assert (low, high) == pytest.approx((2 - half, 2 + half), rel=1e-6)
    assert seeds.interval(pd.Series([1.0]).to_numpy(), 0.95)[1] == float("inf")
    with pytest.raises(seeds.SeedsError, match="asks for 5 or more"):
        seeds.check_count(2, 5)
    drawn = seeds.seeds(5, "ab" * 32, "n", used=1)
    assert len(set(drawn)) == 5 and 1 not in drawn
    assert drawn == seeds.seeds(6, "ab" * 32, "n", used=1)[:5]


def study_of(folder, slope, verdict="holds"):
    rates = folder / "results/rates/smoothness"
    rates.mkdir(parents=True)
    (folder / "results/tables").mkdir()
    (rates / "rates.csv").write_text(f"cell,arm,slope\nc,erm,{slope}\n")
    (folder / LEDGER).write_text(f"claim,verdict,measured\n4a,{verdict},{slope}\n")
    return folder


def test_fresh_seeds_tell_likely_numbers_from_others(tmp_path):
    fresh = [study_of(tmp_path / str(x), slope=-0.5 + 0.01 * x) for x in range(5)]
    for slope, verdict, expected in [
        (-0.47, "holds", True), (-0.9, "holds", False), (-0.48, "fails", False)
    ]:  # fmt: skip
        recorded = study_of(tmp_path / f"{slope}{verdict}", slope)
        row = {"claim": "4a", "verdict": verdict, "measured": slope}
        agrees, told = seeds.agrees(row, SMOOTHNESS, recorded, fresh, 0.99)
        assert agrees == expected, told
