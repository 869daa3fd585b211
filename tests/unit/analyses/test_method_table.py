"""Towers beside other methods: the tables, the claims and the figures that are made of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from frozen import DECISIONS
from risk_draws import N, risks_frame
from twotower.analyses import methods as method_table
from twotower.claims import method_rules
from twotower.claims.findings import ClaimTables
from twotower.cost.jobs import jobs
from twotower.cost.operations import work
from twotower.data.groups import GROUPS
from twotower.methods import comparators
from twotower.rates.summary import summarize
from twotower.report import methods as method_figures
from twotower.report import style
from twotower.study import arms, grid
from twotower.study.decisions import Answer
from twotower.study.reading import read_study

ROOT = Path(__file__).resolve().parents[3]
CLAIMS = {claim.rule: claim for claim in DECISIONS.claims}
HOLDS, FAILS, OPEN = Answer.HOLDS, Answer.FAILS, Answer.UNDECIDED


def planted(factor=2.0, tilt=0.0, method="svd", noise=0.0):
    """Risks in which a method has `factor` times the towers' risk and a slope steeper by `tilt`."""
    risks = risks_frame(arms=("erm",))
    towers = risks[(risks["arm"] == "erm") & (risks["start"] == "used")]
    scale = factor * (towers["n_ratings"] / N[-1]) ** -tilt
    scale = scale * np.exp(noise * np.random.default_rng(0).standard_normal(len(towers)))
    rows = towers.assign(arm=method, risk=towers["risk"] * scale, risk_se=0.01 * towers["risk"])
    return pd.concat([risks, rows], ignore_index=True)


def table_of(*frames):
    rates = pd.concat([summarize(frame, DECISIONS).rates for frame in frames])
    return method_table.methods(list(frames), rates, DECISIONS)


def answer(rule, name, table):
    claim = CLAIMS[rule.__name__]
    return rule(ClaimTables(claim, {"rates": pd.DataFrame(), name: table}, DECISIONS))


def test_the_list_of_arms_is_that_of_the_methods():
    assert tuple(comparators.COMPARATORS) == arms.COMPARATORS
    for name, method in comparators.COMPARATORS.items():
        assert method.uses_identities == (name in arms.IDENTITY_METHODS)
        assert method.uses_covariates == (name in arms.COVARIATE_METHODS)


def test_the_plan_has_a_job_for_every_method():
    study = read_study(ROOT / "workflow/studies/methods.yaml")
    made = [job for job in jobs(study) if job.rule == "fit_comparator"]
    assert len(made) == 2 * len(arms.COMPARATORS)
    runs, cells = {run.id: run for run in grid.runs(study)}, grid.cells(study)
    seconds = {
        (runs[job.about].arm, runs[job.about].cell.id): work.seconds(job.work) for job in made
    }
    fresh, repeated = (cell.id for cell in cells)
    assert seconds[("svd", repeated)] > 2 * seconds[("svd", fresh)]  # there is nothing to fit
    assert max(seconds, key=seconds.get)[0] == "kernel_ridge"
    assert {"methods_table", "newcomers_table"} < {job.rule for job in jobs(study)}


def test_methods_are_judged_against_the_bound_and_not_certified():
    rates = summarize(planted(tilt=-0.5), DECISIONS).rates.set_index("arm")
    assert rates.loc["svd", "verdict"] == "slower"
    assert np.isnan(rates.loc["svd", "optimization_error"])
    assert not rates.loc["svd", "confirmatory"]
    assert rates.loc["erm", "verdict"] == "consistent with the rate"


def test_ratios_and_differences_are_those_planted():
    row = table_of(planted(3.0, 0.1)).iloc[0]
    assert row["ratio"] == pytest.approx(3.0) and row["ratio_low"] == pytest.approx(3.0)
    assert row["slope_difference"] == pytest.approx(-0.1, abs=0.01)
    assert row["towers_risk"] * 3 == pytest.approx(row["risk"])


@pytest.mark.parametrize(
    ("factor", "tilt", "noise", "expected"),
    [
        (2.0, 0.0, 0.0, HOLDS),
        (2.0, -0.3, 0.0, HOLDS),
        (0.5, 0.0, 0.0, FAILS),
        (2.0, 0.4, 0.0, FAILS),  # above the towers still, but steeper
        (1.0, 0.0, 0.3, OPEN),
    ],
)
def test_claim_7(factor, tilt, noise, expected):
    better = planted(5.0, -0.2, "nmf").assign(cell="bbbbbbbbbb")
    finding = answer(
        method_rules.rivals, "methods", table_of(planted(factor, tilt, noise=noise), better)
    )
    assert finding.answer == expected
    assert finding.result.startswith("closest SVD (fresh)")
    assert finding.measured == pytest.approx(factor, rel=0.3)
    assert ("lower risk or steeper: SVD" in finding.detail) == (expected == FAILS)
    assert answer(method_rules.rivals, "methods", pd.DataFrame()).answer == Answer.UNTESTED


@pytest.mark.parametrize(("factor", "expected"), [(4.0, HOLDS), (0.5, FAILS)])
def test_claim_8b_looks_at_pairs_with_someone_new(factor, expected):
    frame = planted(1.0)
    for group in GROUPS:
        frame[group] = frame["risk"]
    svd = frame["arm"] == "svd"
    frame.loc[svd, "new_new"] *= factor
    frame.loc[svd, ["new_known", "known_new"]] *= 4.0
    table = method_table.newcomers([frame, frame], DECISIONS)
    assert len(table) == 3 * 12  # an arm and a group once
    row = table[(table["arm"] == "svd") & (table["group"] == "user_past_0")].iloc[0]
    assert row["ratio"] == pytest.approx(4.0)
    assert answer(method_rules.newcomers, "newcomers", table).answer == expected
    other = table.assign(arm=table["arm"].replace("svd", "ridge"))  # it has covariates
    assert answer(method_rules.newcomers, "newcomers", other).answer == Answer.UNTESTED
    fig = method_figures.newcomers(table)
    assert [tick.get_text() for tick in fig.axes[1].get_xticklabels()] == [
        "0",
        "1–5",
        "6–20",
        "more",
    ]


def test_every_method_of_the_figure_is_named_once_and_names_do_not_overlap():
    names = [*arms.IDENTITY_METHODS, *arms.COVARIATE_METHODS]
    parts = [planted(1.5 + 0.05 * place, 0.0, name) for place, name in enumerate(names)]
    risks = pd.concat(parts).drop_duplicates(["arm", "start", "n_ratings", "replicate"])
    fig = method_figures.methods(summarize(risks, DECISIONS).curves)
    left, right = (sorted(text.get_text() for text in ax.texts) for ax in fig.axes)
    assert left == sorted(arms.label(name) for name in arms.IDENTITY_METHODS)
    assert right == sorted(arms.label(name) for name in arms.COVARIATE_METHODS)
    with style.paper_style():
        fig.draw_without_rendering()
    for ax in fig.axes:
        boxes = sorted((text.get_window_extent() for text in ax.texts), key=lambda box: box.y0)
        assert all(a.y1 <= b.y0 + 1 for a, b in zip(boxes, boxes[1:], strict=False))
