"""The planner against planted curves: known answers, honest intervals, and refusals."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from study_draws import cell_risks
from twotower import (
    backtest,
    data_plan,
    drift_prior,
    marginal,
    pilots,
    plan_figure,
    plan_files,
    plan_text,
    sources,
    style,
    walks,
)
from twotower.data_plan import PlanRefused, plan
from twotower.drift import Pilot, forecast
from twotower.planted import noisy
from twotower.seeds import generator
from twotower.sources import PilotError, Source

SIZES = 2 ** np.arange(9, 14)
POWER = 0.3 * (SIZES / 512) ** -0.6
BENT = np.r_[POWER[:4], 0.5 * POWER[3]]  # falls where a floor would flatten: fails its check


def source(error, sizes=SIZES, **settings):
    error = np.atleast_2d(error)
    if len(error) == 1:  # exact: replicates without noise
        error = np.tile(error, (4, 1))
    return Source("planted", "planted", Pilot(sizes, error, **settings), "risk")


def needed(level, slope, target):
    return 512 * (target / level) ** (1 / slope)


def scattered(mean, seed, replicates=12):
    rng = generator(seed, {}, "planned", 0)
    return noisy(mean, SIZES, replicates, rng)[0]


# ---------------------------------------------------------------- known answers


@pytest.mark.parametrize("slope", [-0.3, -0.6, -1.0])
def test_an_exact_power_law_is_carried_on(slope):
    mean = 0.3 * (SIZES / 512) ** slope
    target = mean[-1] * 3**slope
    made = plan(source(mean), target)
    assert made.ratings.middle == pytest.approx(3 * SIZES[-1], rel=0.07)  # most curves flatten
    assert made.ratings.low < 3 * SIZES[-1] < made.ratings.high
    assert made.slope.middle == pytest.approx(slope, abs=0.02)
    fall = made.forecast.error_at(8192) - made.forecast.error_at(9192)
    assert made.value.middle == pytest.approx(np.median(fall), rel=1e-3)
    assert made.value.middle == pytest.approx(mean[-1] * (1 - (9192 / 8192) ** slope), rel=0.05)


def test_a_floor_is_found_and_not_passed():
    mean = 0.75 + POWER
    made = plan(source(mean, floor=None), 0.75 + POWER[-1] * 2**-0.6)
    assert made.floor.middle == pytest.approx(0.75, rel=0.03)
    assert made.ratings.low < 2 * SIZES[-1] < made.ratings.high
    given = plan(source(mean, floor=0.75), 0.75 + POWER[-1] * 2**-0.6)
    assert given.ratings.middle == pytest.approx(2 * SIZES[-1], rel=0.03)
    assert given.ratings.high - given.ratings.low < made.ratings.high - made.ratings.low


def test_a_curve_that_flattens_is_not_carried_on_by_its_mean_slope():
    """Slopes grow by 0.05 a doubling: a straight line promises too much, the planner does not."""

    def mean(n):
        x = np.log2(np.asarray(n, float) / 512)
        return 0.3 * np.exp(math.log(2) * (-0.6 * x + 0.025 * x**2))

    made = plan(source(mean(SIZES)), float(mean(4 * SIZES[-1])))
    assert made.ratings.low < 4 * SIZES[-1] < made.ratings.high
    slope, level = np.polyfit(np.log(SIZES), np.log(mean(SIZES)), 1)
    line = np.exp((math.log(mean(4 * SIZES[-1])) - level) / slope)
    assert line < made.ratings.low


def test_a_lower_error_needs_more_ratings_and_is_known_less_well():
    pilot = source(scattered(POWER, 1))
    targets = POWER[-1] * np.array([0.9, 0.7, 0.5, 0.35])
    made = [plan(pilot, float(target)).ratings for target in targets]
    for limit in ("low", "middle", "high"):
        assert (np.diff([getattr(found, limit) for found in made]) > 0).all()
    assert (np.diff([found.high / found.low for found in made]) > 0).all()


@pytest.mark.parametrize("floor", [0.0, None])
def test_intervals_cover_curves_drawn_as_the_model_has_it(floor):
    """Slopes, drifts and floors from their priors: 80% within two standard errors."""
    held = []
    for seed in range(120):
        rng = generator(seed, {"floor": floor}, "walks", 0)
        slope = rng.normal(drift_prior.SLOPE, drift_prior.SLOPE_SD)
        share = math.exp(drift_prior.DRIFT_SPREAD * rng.standard_normal())
        tau = abs(slope) * drift_prior.TYPICAL_DRIFT * share
        walk = tau * np.cumsum(rng.standard_normal(16 * 7)) / 4  # 16 steps a doubling
        due = slope * np.exp(-walks.FLATTENING * np.arange(16 * 7) / 16)
        log_mean = math.log(2) * np.cumsum(due + walk) / 16
        mean = np.exp(log_mean[15::16])
        share = 0.0 if floor == 0.0 else rng.random()  # of the smallest mean error
        bottom = mean[:5].min() * share / (1 - share)
        error, _ = noisy(mean, 2 ** np.arange(9, 16), 8, rng)
        found = forecast(Pilot(SIZES, bottom + error[:, :5], floor=floor), draws=1000)
        low, high = np.quantile(found.error_at(2.0**15), [0.1, 0.9])
        held.append(low <= bottom + mean[6] <= high)
    assert 0.725 <= np.mean(held) <= 0.875


def test_the_same_pilot_gives_the_same_answer():
    error = scattered(POWER, 2)
    first, second = (plan(source(error), 0.04).ratings for _ in range(2))
    assert first == second


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("error", "settings", "target", "says"),
    [
        (
            POWER,
            {},
            POWER[-1] * 12**-0.6,
            "ten times the largest size, 8,192.*Needed next: a",
        ),
        (POWER, {}, 0.4, "reached with 512 ratings.*below 0.3"),
        (0.75 + POWER, {"floor": None}, 0.6, "below the floor.*more than"),
        (0.75 + POWER, {"floor": 0.75}, 0.75, "not above the floor 0.75"),
        (np.r_[POWER[:4], 0.9 * POWER[3]], {}, 0.04, "fails its check.*measure 16,384 too"),
        (0.5 + BENT, {"floor": None}, 0.52, "You can: .*FLOOR=none.*ask for an error above 0.54"),
        (np.full(5, 0.3) * [1, 1.02, 0.98, 1.01, 1], {}, 0.2, "fails its check|not surely fall"),
    ],
)
def test_no_answer_where_none_is_honest(error, settings, target, says):
    with pytest.raises(PlanRefused, match=says):
        plan(source(error, **settings), float(target))


def test_within_the_sizes_a_fit_that_fails_is_not_needed(tmp_path):
    """0.2 lies between the first two sizes: straight between them, and no farther."""
    made = plan(source(BENT), 0.25)
    share = math.log(0.3 / 0.25) / math.log(POWER[0] / POWER[1])
    assert made.ratings.middle == pytest.approx(512 * 2**share, rel=0.01) and not made.checked
    text = plan_text.text(made)
    assert "check         failed: " in text and "interpolated between measured sizes" in text
    assert "not told beyond the sizes measured" in text and "slope" not in text
    assert "lower the error by" in plan_text.text(plan(source(BENT), 0.25, at=4096))
    assert json.loads(plan_text.record(made))["largest_answered"] == SIZES[-1]
    assert "interpolated" in plan_text.table([source(BENT)], 0.25)[0]
    assert plan_files.write(made, tmp_path)
    noisy_answer = plan(source(scattered(BENT, 3)), 0.25).ratings
    assert noisy_answer.low < 512 * 2**share < noisy_answer.high


def test_an_open_interval_holds_no_more_than_it_says():
    draws = np.r_[np.arange(1.0, 81.0), np.full(20, np.inf)]
    found = data_plan.needed(draws)
    assert (found.low, found.high) == (21.0, np.inf) and (draws >= found.low).mean() == 0.8
    assert data_plan.needed(np.arange(1.0, 101.0)).low == 11.0


def test_the_prior_of_drift_is_that_of_the_published_slopes():
    """Planted: slopes lose a tenth a doubling, drift by a fifth of themselves, known well."""
    rng = np.random.default_rng(4)
    slope, doublings = rng.uniform(-1, -0.1, 1000), 6
    seen = 0.1 * np.abs(slope) * doublings / 2
    seen += (
        0.2
        * np.exp(0.4 * rng.standard_normal(1000))
        * np.abs(slope)
        * (math.sqrt(doublings / 3) * rng.standard_normal(1000))
    )
    ends = 512, 512 * 2**doublings
    found = drift_prior.calibrated(
        *(np.full(1000, end) for end in ends), slope, seen, seen - 0.002, seen + 0.002
    )
    assert found == pytest.approx((0.1, 0.2, 0.4), rel=0.15)


def test_the_pilot_asked_for_next_is_enough():
    target = float(POWER[-1] * 20**-0.6)
    with pytest.raises(PlanRefused) as refused:
        plan(source(POWER), target)
    asked = int(str(refused.value).split("a pilot to about ")[1].split(" ")[0].replace(",", ""))
    sizes = np.append(SIZES, [max(asked, 2 * SIZES[-1])])
    assert plan(source(0.3 * (sizes / 512) ** -0.6, sizes=sizes), target).ratings.middle < np.inf


def test_good_curves_seldom_fail_the_check():
    passed = [data_plan.passes(Pilot(SIZES, scattered(POWER, seed))) for seed in range(60)]
    assert np.mean(passed) >= 0.9


# ---------------------------------------------------------------- files


@pytest.fixture(scope="module")
def risks(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "risks.csv"
    cell_risks(user_intrinsic_dim=2).to_csv(path, index=False)
    return path


def test_a_study_is_planned_with_its_own_schedule(risks, tmp_path):
    (found,) = pilots.read([risks], {})
    assert found.key.endswith("-erm") and found.pilot.carried_on and found.pilot.floor == 0.0
    made = plan(found, float(found.pilot.mean[-1]) * 0.7)
    assert (made.units, made.depth) == (round(made.ratings.middle**0.5), 1)  # β = 1, d = 2
    assert "one more is all three" in plan_text.text(made)
    assert json.loads(plan_text.record(made))["n_ratings"]["middle"] > found.pilot.n[-1]
    style.save_figure(plan_figure.figure(made), tmp_path / "plan")
    assert {path.suffix for path in tmp_path.iterdir()} == {".pdf", ".svg", ".png"}
    (reference,) = pilots.read([risks], {"arm": "reference"})
    text, answered = plan_text.table([found, reference], 0.01)
    assert answered == 2 and len(text.splitlines()) == 3


def test_the_scores_of_real_ratings_are_a_pilot(tmp_path):
    """The layout of results/real/movielens/scores.csv, which has roots and other splits."""
    frame = pilot_rows(method="hybrid", kind="random", group="all")
    frame = frame.assign(rmse=np.sqrt(frame["mse"])).drop(columns="mse")
    frame = frame.rename(columns={"n_ratings": "n_train"})
    cold = frame.assign(kind="cold", rmse=2.0)
    (found,) = pilots.read([written(pd.concat([cold, frame]), tmp_path)], {"method": "hybrid"})
    assert found.pilot.mean[0] == pytest.approx(0.8, abs=0.01) and found.rooted
    made = plan(found, found.squared(0.735))
    text, record = plan_text.text(made), json.loads(plan_text.record(made))
    assert "root mean square error: 0.735\n" in text and "0.74 to 0.75 due" in text
    assert record["target"] == 0.735 and record["error"] == "root mean square error"
    error = np.sqrt(made.forecast.error_at(8192)), np.sqrt(made.forecast.error_at(9192))
    assert made.value.middle == pytest.approx(np.median(error[0] - error[1]), rel=0.01)
    assert made.floor.middle == pytest.approx(math.sqrt(0.5), abs=0.05)
    axes = plan_figure.figure(made).axes[0]
    assert axes.get_ylabel() == "root mean square error" and 0.73 < np.mean(axes.get_ylim()) < 0.8
    assert plan_files.write(made, tmp_path).startswith(f"{tmp_path}/pilot-hybrid-0.735.json")
    (given,) = pilots.read([tmp_path / "pilot.csv"], {"method": "hybrid"}, "0.7")
    assert given.pilot.floor == pytest.approx(0.49)
    with pytest.raises(PlanRefused, match="wanted error 0.65 .*the floor 0.7, which"):
        plan(given, given.squared(0.65))
    with pytest.raises(PilotError, match="floor 0.9 is not below the smallest mean error, 0.74"):
        pilots.read([tmp_path / "pilot.csv"], {"method": "hybrid"}, "0.9")


def pilot_rows(**columns):
    rows = pd.DataFrame({"n_ratings": np.tile(SIZES, 3), "split": np.repeat(range(3), 5)})
    noise = np.random.default_rng(0).normal(1, 0.01, len(rows))
    return rows.assign(mse=0.5 + np.tile(POWER, 3) * noise, **columns)


def written(frame, folder):
    frame.to_csv(folder / "pilot.csv", index=False)
    return folder / "pilot.csv"


def test_a_pilot_of_fractions_and_methods(tmp_path):
    """The layout of results/real/movielens/learning_curves.csv."""
    frame = pilot_rows(method="towers", fraction=np.tile(SIZES / SIZES[-1], 3))
    frame["n_ratings"] += frame["split"] - 1  # splits differ by a rating
    both = pd.concat([frame, frame.assign(method="svd", mse=frame["mse"] + 0.1)])
    (found,) = pilots.read([written(both, tmp_path)], {"method": "svd"})
    assert found.pilot.n.tolist() == SIZES.tolist()
    assert found.pilot.floor is None and not found.pilot.carried_on
    assert found.pilot.mean[0] == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize(
    ("change", "chosen", "says"),
    [
        (lambda f: f.drop(columns="mse"), {}, "lacks the column mse"),
        (lambda f: f[f["n_ratings"] < 5000], {}, "has 4 sizes.*5 or more"),
        (lambda f: f[f["split"] < 2], {}, "has 2 replicates.*3 or more.*real_splits=3"),
        (lambda f: f[f["split"] < 1], {}, "has 1 replicate of each size.*real_splits=3"),
        (lambda f: f.drop(index=3), {}, "n_ratings 4096 has 2 replicates"),
        (lambda f: f.assign(mse=f["mse"].where(f.index != 4, -1.0)), {}, "mse is -1.0 in line 6"),
        (lambda f: f.assign(mse=f["mse"].astype(str).where(f.index != 4, "x")), {}, "mse is x"),
        (
            lambda f: pd.concat([f.assign(method="a"), f.assign(method="b")]),
            {},
            "METHOD=a or METHOD=b$",
        ),
        (lambda f: pd.concat([f.assign(method=m, mae=m == "a") for m in "ab"]), {}, "add METHOD=a"),
        (lambda f: f.assign(method="a"), {"method": "b"}, "no row has method b; it has a"),
        (lambda f: f, {"method": "b"}, "has no column method"),
        (lambda f: f.iloc[:0], {}, "has no rows"),
    ],
)
def test_a_file_at_fault_gets_one_message(change, chosen, says, tmp_path):
    with pytest.raises(PilotError, match=says):
        pilots.read([written(change(pilot_rows()), tmp_path)], chosen)


def test_a_folder_is_told_with_the_files_in_it(tmp_path):
    file = written(pilot_rows(), tmp_path)
    with pytest.raises(PilotError, match=f"is a folder; allowed: a file, a CSV .RISKS={file}"):
        pilots.read([tmp_path], {})


@pytest.mark.parametrize("given", ["abc", "0", "-1", "nan", "inf", "0,9"])
def test_a_target_that_is_no_number_gets_one_message(given):
    with pytest.raises(PilotError, match=f"^TARGET={given}; allowed: .* above 0, in the unit of"):
        sources.number("TARGET", given)


def test_a_refusal_names_the_other_methods_of_the_file(tmp_path):
    both = pd.concat([pilot_rows(method="svd"), pilot_rows(method="knn")])
    both["mse"] = 0.5 + np.tile(BENT, 6)
    (found,) = pilots.read([written(both, tmp_path)], {"method": "svd"})
    with pytest.raises(PlanRefused, match="You can: .*plan for another .METHOD=knn."):
        plan(found, 0.52)


# ---------------------------------------------------------------- users, items, ratings


def test_users_and_ratings_are_told_apart_where_they_vary_apart(tmp_path):
    rows = [
        {"n_ratings": n, "n_users": users, "n_items": 500, "replicate": replicate}
        for n in SIZES
        for users in (100, 200, 400)
        for replicate in range(4)
    ]
    frame = pd.DataFrame(rows)
    noise = np.random.default_rng(1).normal(1, 0.01, len(frame))
    risk = 2 * frame["n_ratings"] ** -0.4 * (frame["n_users"] / 100) ** -0.2 * noise
    (found,) = pilots.read([written(frame.assign(risk=risk), tmp_path)], {})
    mean = found.pilot.mean[-1]
    assert found.pilot.n.tolist() == SIZES.tolist()
    made = plan(found, 0.7 * mean)
    assert set(made.shares.each) == {"user", "rating"}
    for name, due in {"user": 0.2 * mean / 400, "rating": 0.4 * mean / 8192}.items():
        value, low, high = made.shares.each[name]
        assert value == pytest.approx(due, rel=0.1) and low < value < high
    assert made.shares.remark == "the number of items does not vary"


def test_values_are_of_the_errors_own_floor_where_it_is_fitted(tmp_path):
    """A floor set too low would make each of them too small."""
    rng = np.random.default_rng(3)
    rows = [
        {"n_ratings": n, "n_users": users, "n_items": items, "replicate": replicate}
        | {"mse": 0.64 + 3 * users**-0.25 * items**-0.15 * n**-0.15 * rng.normal(1, 0.003)}
        for n in 2000 * 2.0 ** np.arange(6)
        for users in (500.0, 1000.0, 2000.0)
        for items in (200.0, 400.0, 800.0)
        for replicate in range(5)
    ]
    (found,) = pilots.read([written(pd.DataFrame(rows), tmp_path)], {})
    assert found.pilot.floor is None
    excess = 3 * 2000**-0.25 * 800**-0.15 * 64_000**-0.15
    due = {"user": 0.25 * excess / 2000, "item": 0.15 * excess / 800}
    due["rating"] = 0.15 * excess / 64_000
    for name, (value, low, high) in marginal.values(found, 64_000.0, 0.8).each.items():
        assert value == pytest.approx(due[name], rel=0.1) and low < value < high


@pytest.mark.parametrize("wrong", ["1e3x", "0.5", "-64", "1e19"])
def test_a_size_that_is_no_whole_number_is_told_by_its_line(wrong, tmp_path):
    frame = pilot_rows().astype({"n_ratings": object})
    frame.loc[3, "n_ratings"] = wrong
    with pytest.raises(PilotError, match="n_ratings is .* in line 5; allowed: whole numbers"):
        pilots.read([written(frame, tmp_path)], {})


def test_splits_of_other_sizes_are_told_as_such(tmp_path):
    frame = pilot_rows()
    frame["n_ratings"] += frame["split"]
    with pytest.raises(PilotError, match="replicates have other sizes than each other .512, 513"):
        pilots.read([written(frame, tmp_path)], {})


def test_rows_of_another_method_do_not_change_how_sizes_are_read(tmp_path):
    frame = pilot_rows().assign(method="a")
    other = pilot_rows().assign(method="b").astype({"n_ratings": object})
    other.loc[0, "n_ratings"] = "none"
    path = written(pd.concat([frame, other]), tmp_path)
    (found,) = pilots.read([path], {"method": "a"})
    assert found.pilot.n.tolist() == SIZES.tolist()


def test_users_that_grow_with_the_ratings_are_not_told_apart(tmp_path):
    frame = pilot_rows()
    frame = frame.assign(n_users=frame["n_ratings"] // 16, n_items=100)
    (found,) = pilots.read([written(frame, tmp_path)], {})
    shares = marginal.values(found, 8192.0, 0.8)
    assert not shares.each and "users and ratings change only together" in shares.remark


def test_catalogues_of_a_study_tell_users_apart(tmp_path):
    cells = [cell_risks(sampling="fixed_users", catalogue=c, targets=6) for c in (64, 128, 256)]
    path = tmp_path / "risks.csv"
    pd.concat(cells).to_csv(path, index=False)
    found = pilots.read([path], {"catalogue": "128"}) + pilots.read([path], {})
    assert [s.points["n_users"].nunique() for s in found] == [1, 3, 3, 3]
    told, tied = marginal.separable(found[1].points)
    assert told == ["n_users"] and tied == ["n_items", "n_ratings"]


# ---------------------------------------------------------------- the back-test


def test_the_back_test_counts_what_it_says():
    cases = list(backtest.synthetic(1))
    assert len({case.kind for case in cases}) == len(cases) == 8
    first = cases[0]
    low, high = np.array(backtest.ASKED) * first.pilot.n[-1]
    assert low <= first.true <= high and len(first.pilot.n) == backtest.PILOT_SIZES
    judged = pd.DataFrame(
        {"kind": "k", "curve": ["a", "a", "b", "c"], "true": [10.0, 20, 10, 10]}
        | {"refused": ["", "", "", "out of reach"], "low": [5, 30, 5, np.nan]}
        | {"middle": [10, 40, 20, np.nan], "high": [20, 60, np.inf, np.nan]}
        | {"line_low": 11.0, "line_high": 25.0}
    )
    row = backtest.summary(judged).iloc[0]
    assert (row["curves"], row["questions"]) == (3, 4)
    assert row["covered"] == pytest.approx(2 / 3) and row["fewer needed"] == pytest.approx(1 / 3)
    assert row["open"] == pytest.approx(1 / 3) and row["out of reach"] == 0.25
    assert row["line covered"] == 0.25


def test_measured_curves_are_cut_at_the_middle():
    cases = list(backtest.measured([cell_risks(), cell_risks()]))
    assert len(cases) == 2 * 3 * 2 and {case.pilot.n[-1] for case in cases} == {8192}
    assert [case.true for case in cases[:3]] == [16384, 32768, 65536]
    assert all(case.pilot.carried_on for case in cases)
