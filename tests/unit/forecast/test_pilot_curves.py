"""Pilots that hold several curves: which columns tell them apart, and how one is chosen."""

import numpy as np
import pandas as pd
import pytest

from planted_pilots import POWER, SIZES, pilot_rows, written
from twotower.forecast.pilot_files import curve_choice, pilots
from twotower.forecast.pilot_files.source import PilotError
from twotower.forecast.plan import plan

ROWS = pilot_rows()
SPLIT, SIZE = ROWS["split"], ROWS["n_ratings"]
DRAWN = np.random.default_rng(7)


def two(column, first="a", second="b"):
    """Curves of 1/2 and of 3/4 + the power law, each with splits of its own names."""
    other = ROWS.assign(mse=ROWS["mse"] + 0.25)
    parts = [(ROWS, "run_", first), (other, "", second)]
    named = [f.assign(split=tag + SPLIT.astype(str)).assign(**{column: v}) for f, tag, v in parts]
    return pd.concat(named)


def read(frame, folder, *where, **options):
    path = written(frame, folder)
    return pilots.read([path], curve_choice.asked(list(where)), **options)[0]


@pytest.mark.parametrize("column", ["method", "model", "dataset", "set", "cell", "metric", "x y"])
def test_a_curve_is_chosen_or_the_file_refused(column, tmp_path):
    frame = two(column, "Big Net", "k=5; b")
    with pytest.raises(PilotError, match=f"differ in {column} .Big Net, k=5; b.") as told:
        read(frame, tmp_path)
    typed = str(told.value).split("or add ")[1].split(" or ")
    floors = (0.5, 0.75)
    for text, floor in zip(typed, floors, strict=True):
        name, _, value = text.partition("=")
        where = value if name == "WHERE" else f"{column}={value}"
        wanted = where.strip("'") if "'" in where else where
        found = read(frame, tmp_path, wanted.replace("='", "="))
        assert found.pilot.error.shape == (3, 5)
        assert found.pilot.mean[-1] == pytest.approx(floor + POWER[-1], abs=0.01)


def test_the_answer_for_one_curve_is_that_of_its_file_alone(tmp_path):
    """The case from the field: two methods, splits named apart, were averaged to one answer."""
    alone = plan(read(ROWS.assign(split="run_" + SPLIT.astype(str)), tmp_path), 0.55)
    chosen = plan(read(two("method"), tmp_path, "method=a"), 0.55)
    assert chosen.ratings == alone.ratings
    assert chosen.source.others == ("METHOD=b",) and chosen.source.title == "a, pilot.csv"


@pytest.mark.parametrize(
    "frame",
    [
        two("rank", 8, 16),
        two("rank", 8, np.nan),
        two("n_model", 1, 2),
        two("width", 8, 64),
        two("implicit", True, False),
        two("rank", 8, 16).assign(rank=lambda f: f["rank"].where(f["n_ratings"] != 1024)),
        two("rank", 8, 16).query("n_ratings > 512 or rank == 8"),
        two("rank", 8, 16).query("split != '2'"),
        pilot_rows(rank=8 * 2**SPLIT),
        pilot_rows(name=SPLIT.map({0: "svd", 1: "knn", 2: "als"})),
        pilot_rows(method=SPLIT.map({0: "svd", 1: "knn", 2: "als"})),
        pilot_rows(dataset=SIZE.map(lambda n: "100k" if n < 2000 else "1m")),
        pd.concat([pilot_rows(code=1), pilot_rows(code=2).assign(n_ratings=SIZE * 3 // 2)]),
    ],
)
def test_labels_are_told_whatever_they_are_called(frame, tmp_path):
    """Numbers, gaps in them, replicates or sizes that differ by curve, one run a curve."""
    column = frame.columns[-1]
    with pytest.raises(
        PilotError, match=f"may belong to several curves, because they differ in {column} "
    ):
        read(frame, tmp_path)


@pytest.mark.parametrize(
    "columns",
    [
        {"seconds": SIZE / 900 + DRAWN.random(15)},
        {"seconds": (SIZE / 900 + DRAWN.random(15)).round()},
        {
            "duration": [f"{s:.1f}s" for s in DRAWN.random(15)],
            "wall": ["0:01:33", "0:01:34", "1:02:03"] * 5,
        },
        {"loss": ROWS["mse"].round(1), "mae": ROWS["mse"] ** 0.5},
        {"epoch": DRAWN.integers(3, 9, 15), "id": range(15)},
        {
            "epochs": np.log2(SIZE) // 2,
            "width": (SIZE**0.5).round(),
            "dataset_size": SIZE / SIZE.max(),
        },
        {"size_name": SIZE.map("n{}".format), "note": "same", "rank": "8"},
        {"seed": SPLIT + 42, "fold": "fold-" + SPLIT.astype(str), "random_state": SPLIT // 2},
        {"rep": SPLIT // 2, "repetition": SPLIT // 2 + 1},
        {
            "run_id": SPLIT.map({0: "f3a", 1: "0bb", 2: "9ce"}),
            "n_test": 1000 + SPLIT,
            "model_seconds": DRAWN.random(15).round(1),
        },
        {"finished": [f"2026-01-0{1 + i % 3} 10:{i % 7}0" for i in range(15)]},
        {"ndcg": np.where(SIZE == 8192, DRAWN.random(15), np.nan)},
        {"model_file": [f"models/{i}.pt" for i in range(15)]},
        {"n_users": (SIZE**0.5).round() + SPLIT, "n_items": 50},
        {"rank": np.where(SIZE > 999, "8", "8.0")},
    ],
)
def test_what_was_measured_is_no_label(columns, tmp_path):
    found = read(pilot_rows(**columns), tmp_path)
    assert found.pilot.error == pytest.approx(read(ROWS, tmp_path).pilot.error)


def test_names_of_replicates_alone_tell_curves_apart(tmp_path):
    with pytest.raises(PilotError, match="named in 2 ways .run_0, run_1, … and 0, 1, ….*several"):
        read(two("method").drop(columns="method"), tmp_path)


def test_fractions_of_two_data_sets_are_no_sizes_of_one(tmp_path):
    frame = pilot_rows(fraction=SIZE / SIZE.max())
    other = frame.assign(n_ratings=SIZE * 10, split=SPLIT + 3)
    with pytest.raises(PilotError, match="stands for 512 .* line 2 and for 5,120 .* line 17"):
        read(pd.concat([frame, other]), tmp_path)
    found = read(pilot_rows(fraction=1), tmp_path)  # tells nothing
    assert found.pilot.n.tolist() == SIZES.tolist()


def test_the_most_users_are_planned_for_and_told(tmp_path):
    frame = pd.concat([pilot_rows(n_users=u, split=SPLIT + u) for u in (100, 900)])
    found = read(frame.assign(n_items=5), tmp_path)
    assert found.title == "n_users=900, n_items=5, pilot.csv" and len(found.pilot.error) == 3


def test_several_columns_of_errors_are_chosen_from(tmp_path):
    frame = pilot_rows(rmse=ROWS["mse"] ** 0.5, mae=0.7 * ROWS["mse"] ** 0.5)
    with pytest.raises(PilotError, match="mse, rmse, and .*add ERROR=mse or ERROR=rmse$"):
        read(frame, tmp_path)
    rooted, other = (read(frame, tmp_path, error=name) for name in ("rmse", "mae"))
    assert rooted.rooted and rooted.unit == "root mean square error"
    assert other.unit == "mae" and other.pilot.floor is None and not other.rooted
    assert other.pilot.mean[0] == pytest.approx(0.7 * 0.8**0.5, abs=0.01)
    with pytest.raises(PilotError, match="add ERROR=mse or ERROR=mse.1$"):
        read(pilot_rows(**{"mse.1": ROWS["mse"]}), tmp_path)
    with pytest.raises(PilotError, match="ERROR=auc: is no column of errors.*allowed: mse, rmse"):
        read(frame, tmp_path, error="auc")


@pytest.mark.parametrize(
    ("where", "says"),
    [
        (["set"], "WHERE=set: is no condition; allowed: COLUMN=VALUE"),
        (["set=a; set=b"], "set is given twice"),
        (["seat=a"], "no column seat; it has .*set.*; set has a: WHERE=set=a"),
        (["set=c"], "no row has set c; it has a, b$"),
        (["set=a x=1"], "no row has set a x=1; .*a semicolon stands before .*'; x='"),
        (["set=a; x=2"], "no row with set a has x 2; it has 1$"),
    ],
)
def test_a_choice_at_fault_gets_one_message(where, says, tmp_path):
    with pytest.raises(PilotError, match=says):
        read(two("set").assign(x=1), tmp_path, *where)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.assign(split=f["split"].replace(2, "1 ")), "512, replicate 1 stands 2 times"),
        (lambda f: f.assign(split=[*["Run 1"] * 5, *["run  1"] * 5, *["2"] * 5]), "case alone"),
        (lambda f: f.assign(split=range(15)), "each replicate stands at one size alone"),
        (lambda f: f.assign(n_train=SIZE // 2), "n_ratings and n_train differ"),
        (
            lambda f: pd.concat([f.assign(k=5), f.assign(k=9)]),
            "k: choose by WHERE=k=5 or WHERE=k=9",
        ),
    ],
)
def test_rows_that_meet_in_one_place_are_told(change, says, tmp_path):
    with pytest.raises(PilotError, match=says):
        read(change(ROWS), tmp_path)


def test_spelling_alone_does_not_make_two_methods(tmp_path):
    spaced = two("method", "Big  Net", " Big Net").drop_duplicates(["split", "n_ratings"])
    with pytest.raises(PilotError, match="named in 2 ways"):  # one method
        read(spaced, tmp_path)
    with pytest.raises(PilotError, match="GBDT in line 2 and gbdt in line 17: .*case alone"):
        read(two("method", "GBDT", "gbdt"), tmp_path, "method=GBDT")


def test_files_that_hold_one_curve_are_not_chosen_from(tmp_path):
    paths = []
    for name, more in (("one", 0.0), ("two", 0.1)):
        (tmp_path / name).mkdir()
        paths.append(written(ROWS.assign(mse=ROWS["mse"] + more), tmp_path / name))
    assert len(pilots.read([paths[0], paths[0]], {})) == 1
    with pytest.raises(PilotError, match="both hold a curve pilot, with other errors"):
        pilots.read(paths, {})
    left = []
    few = tmp_path / "few.csv"
    ROWS[SPLIT < 2].to_csv(few, index=False)
    assert len(pilots.read([few, paths[0]], {}, left_out=left)) == 1
    assert "has 2 replicates" in str(left[0])
