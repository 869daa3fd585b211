"""The planner against planted curves: known answers, honest intervals, and refusals."""

import json
import math

import numpy as np
import pytest

from planted_pilots import BENT, POWER, SIZES, scattered, source
from twotower.base.seeds import generator
from twotower.forecast import figure, plan_text, prior, prior_calibration
from twotower.forecast import plan as data_plan
from twotower.forecast.drifting_curve import Pilot, forecast
from twotower.forecast.intervals import needed
from twotower.forecast.plan import PlanRefused, plan
from twotower.rates.planted_curves import noisy


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
    bare = forecast(source(mean, floor=0.0).pilot).ratings(0.75 + POWER[-1] * 2**-0.6)
    assert made.without_floor == needed(bare) and given.without_floor is None
    assert "if no floor   more than 81,920, had the error no floor" in plan_text.text(made)


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


@pytest.mark.parametrize(("share", "way"), [(0.1, "steepens"), (-0.1, "flattens")])
def test_a_steady_bend_is_seen_said_and_carried_on(share, way):
    def mean(n):
        x = np.log2(np.asarray(n, float) / 512)
        return 0.3 * np.exp(
            math.log(2) * -0.4 * np.expm1(math.log1p(share) * x) / math.log1p(share)
        )

    made = plan(source(scattered(mean(SIZES), 2)), float(mean(3 * SIZES[-1])))
    assert made.ratings.low < 3 * SIZES[-1] < made.ratings.high
    assert f"the curve {way}: the slope was −0." in plan_text.text(made)
    assert (json.loads(plan_text.record(made))["share_of_draws_that_steepen"] > 0.9) == (share > 0)
    straight = plan(source(scattered(POWER, 1)), POWER[-1] * 2**-0.6)
    assert "the data do not show which way" in plan_text.text(straight)


def test_a_size_at_which_replicates_differ_more_counts_less():
    """At the smallest size some replicates failed: the curve from the others is carried on."""
    error = np.tile(POWER, (12, 1)) * (1 + 0.01 * np.random.default_rng(5).standard_normal((12, 5)))
    error[:3, 0] *= 1.4
    made = plan(source(error), POWER[-1] * 4**-0.6)
    assert made.ratings.low < 4 * SIZES[-1] < made.ratings.high
    assert made.ratings.middle == pytest.approx(4 * SIZES[-1], rel=0.15)


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
        slope = -math.exp(rng.uniform(math.log(0.06), math.log(1.6)))
        share = math.exp(prior.DRIFT_SPREAD * rng.standard_normal())
        tau = abs(slope) * prior.TYPICAL_DRIFT * share
        walk = tau * np.cumsum(rng.standard_normal(16 * 7)) / 4  # 16 steps a doubling
        bend = abs(slope) * prior.BEND_SD * rng.standard_normal()
        due = slope + bend * np.arange(16 * 7) / 16
        log_mean = math.log(2) * np.cumsum(due + walk) / 16
        mean = np.exp(log_mean[15::16])
        given = floor == 0.0 or rng.random() < prior.NO_FLOOR
        share = 0.0 if given else rng.random()  # of the smallest mean error
        bottom = mean[:5].min() * share / (1 - share)
        error, *_ = noisy(mean, 2 ** np.arange(9, 16), 8, rng)
        found = forecast(Pilot(SIZES, bottom + error[:, :5], floor=floor), draws=1000)
        low, high = np.quantile(found.error_at(2.0**15), [0.1, 0.9])
        held.append(low <= bottom + mean[6] <= high)
    assert 0.725 <= np.mean(held) <= 0.875


def test_the_same_pilot_gives_the_same_answer():
    error = scattered(POWER, 2)
    first, second = (plan(source(error), 0.04).ratings for _ in range(2))
    assert first == second


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
        (1 - POWER, {}, 0.9, "the values rise .* 0.7 at 512 to 0.94.* at 8,192; .*write 1 minus"),
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
    assert "not given beyond the sizes measured" in text and "slope" not in text
    assert "lower the error by" in plan_text.text(plan(source(BENT), 0.25, at=4096))
    assert json.loads(plan_text.record(made))["largest_answered"] == SIZES[-1]
    assert "interpolated" in plan_text.table([source(BENT)], 0.25)[0]
    assert figure.write(made, tmp_path)
    noisy_answer = plan(source(scattered(BENT, 3)), 0.25).ratings
    assert noisy_answer.low < 512 * 2**share < noisy_answer.high


def test_an_open_interval_holds_no_more_than_it_says():
    draws = np.r_[np.arange(1.0, 81.0), np.full(20, np.inf)]
    found = needed(draws)
    assert (found.low, found.high) == (21.0, np.inf) and (draws >= found.low).mean() == 0.8
    assert needed(np.arange(1.0, 101.0)).low == 11.0


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
    found = prior_calibration.calibrated(
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
