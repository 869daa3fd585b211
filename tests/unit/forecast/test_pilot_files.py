"""Files that hold pilots: what is read from them, and what is told of those at fault."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from planted_pilots import BENT, SIZES, pilot_rows, written
from study_draws import cell_risks
from twotower.forecast import figure, marginal, plan_text
from twotower.forecast.pilot_files import pilots
from twotower.forecast.pilot_files import source as pilot_files_source
from twotower.forecast.pilot_files.source import PilotError
from twotower.forecast.plan import PlanRefused, plan
from twotower.report import style


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
    style.save_figure(figure.figure(made), tmp_path / "plan")
    assert {path.suffix for path in tmp_path.iterdir()} == {".pdf", ".svg", ".png"}
    (reference,) = pilots.read([risks], {"arm": "reference"})
    text, answered = plan_text.table([found, reference], 0.01)
    assert answered == 2 and len(text.splitlines()) == 5 and "--cell ID" in text


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
    assert "root mean square error: 0.735\n" in text and "0.741 to 0.752 due" in text
    assert record["target"] == 0.735 and record["error"] == "root mean square error"
    error = np.sqrt(made.forecast.error_at(8192)), np.sqrt(made.forecast.error_at(9192))
    assert made.value.middle == pytest.approx(np.median(error[0] - error[1]), rel=0.01)
    assert made.floor.middle == pytest.approx(math.sqrt(0.5), abs=0.05)
    axes = figure.figure(made).axes[0]
    assert axes.get_ylabel() == "root mean square error" and 0.73 < np.mean(axes.get_ylim()) < 0.8
    assert figure.write(made, tmp_path).startswith(f"{tmp_path}/pilot-hybrid-0.735.json")
    (given,) = pilots.read([tmp_path / "pilot.csv"], {"method": "hybrid"}, "0.7")
    assert given.pilot.floor == pytest.approx(0.49)
    with pytest.raises(PlanRefused, match="wanted error 0.65 .*the floor 0.7, which"):
        plan(given, given.squared(0.65))
    for kept, says in ((2, "--config real_splits=3"), (1, "has 1 replicate .*real_splits=3")):
        with pytest.raises(PilotError, match=says):
            few = written(frame[frame["split"] < kept], tmp_path)
            pilots.read([few], {"method": "hybrid"})
    written(pd.concat([cold, frame]), tmp_path)
    with pytest.raises(PilotError, match="floor 0.9 is not below the smallest mean error, 0.74"):
        pilots.read([tmp_path / "pilot.csv"], {"method": "hybrid"}, "0.9")


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
        (lambda f: f[f["split"] < 2], {}, "has 2 replicates.*3 or more.*other random splits"),
        (lambda f: f[f["split"] < 1], {}, "has 1 replicate of each size.*other seeds$"),
        (lambda f: f.drop(index=3), {}, "n_ratings 4096 has 2 replicates"),
        (
            lambda f: f.assign(mse=f["mse"].where(f.index != 4, -1.0)),
            {},
            "-1.0 in line 6.*write 1 minus",
        ),
        (lambda f: f.assign(mse=f["mse"].where(f.index != 4, 0)), {}, "0.0 in line 6.*has no log"),
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
        pilot_files_source.number("TARGET", given)


def test_a_refusal_names_the_other_methods_of_the_file(tmp_path):
    both = pd.concat([pilot_rows(method="svd"), pilot_rows(method="knn")])
    both["mse"] = 0.5 + np.tile(BENT, 6)
    (found,) = pilots.read([written(both, tmp_path)], {"method": "svd"})
    with pytest.raises(PlanRefused, match="You can: .*plan for another .METHOD=knn."):
        plan(found, 0.52)


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


def test_a_floor_of_zero_is_told_and_not_drawn(tmp_path, recwarn):
    """A logarithmic axis has no place for it."""
    rows = pilot_rows()
    rows["mse"] = (rows["mse"] - 0.5) / 0.3
    (found,) = pilots.read([written(rows, tmp_path)], {})
    made = plan(found, 0.8 * float(found.pilot.mean[-1]))
    assert made.floor.middle == 0.0 and "floor         0 [0, " in plan_text.text(made)
    axes = figure.figure(made).axes[0]
    assert not list(recwarn)
    assert 0.02 < axes.get_ylim()[0] < made.target < found.pilot.mean.max() < axes.get_ylim()[1]
