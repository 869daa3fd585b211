"""Experiments become cells: resolved, each once, in a fixed order, under stable ids."""

import copy
import itertools
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies import GOOD
from twotower.base.identity import canonical_json, digest, short_id
from twotower.study import grid
from twotower.study.grid import Cell, SharedIdError, by_id, cells, runs
from twotower.study.reading import merged, validated

BASE = GOOD | {"replicates": 2, "arms": {"erm": {}, "adam": {"learning_rate": 0.01}}}


def study(**overrides):
    return validated(copy.deepcopy(BASE) | overrides, "study")


def cells_of(experiment: dict, **overrides) -> list[Cell]:
    return cells(study(experiments={"one": {"title": "One"} | experiment}, **overrides))


def only_spec(**settings) -> dict:
    (cell,) = cells_of({"set": settings})
    return cell.spec


def test_spec_has_exactly_the_resolved_settings():
    assert only_spec(depth=1) == {
        "smoothness": 1.0,
        "user_intrinsic_dim": 1,
        "item_intrinsic_dim": 1,
        "user_ambient_dim": 1,
        "item_ambient_dim": 1,
        "support": "cube",
        "rank": 2,
        "noise_sd": 1.0,
        "depth": 1,
        "width": {"schedule": "units", "constant": 1.0},
    }


def test_ids_do_not_change():
    """Published results are filed under these ids: a change here orphans them."""
    (cell,) = cells_of({"set": {"depth": 1}})
    assert (cell.id, cell.data_id) == ("cebc22626d", "d31c5c949c")
    assert [run.id for run in runs(study())] == ["392eecbbe7", "4bd63c4c18"]


def test_order_is_that_of_experiments_then_of_settings_not_of_keys_in_the_file():
    one_way = cells_of({"vary": {"smoothness": [2.0, 1.0], "depth": [1, 2]}})
    other_way = cells_of({"vary": {"depth": [1, 2], "smoothness": [2.0, 1.0]}})
    assert one_way == other_way
    order = [(cell.spec["smoothness"], cell.spec["depth"]) for cell in one_way]
    assert order == [(2.0, 1), (2.0, 2), (1.0, 1), (1.0, 2)]


def test_a_shared_cell_comes_once_and_names_its_experiments():
    experiments = {
        "b": {"title": "B", "vary": {"smoothness": [0.5, 1.0]}},
        "a": {"title": "A", "vary": {"intrinsic_dim": [1, 2]}},
    }
    found = cells(study(experiments=experiments))
    assert [cell.experiments for cell in found] == [("b",), ("b", "a"), ("a",)]
    assert found[1].columns()["experiment"] == "b;a"


def test_an_id_does_not_depend_on_the_grid_around_it():
    (alone,) = cells_of({"set": {"smoothness": 2.0}})
    amid = cells_of({"vary": {"smoothness": [0.5, 2.0, math.inf]}})
    assert alone.id in {cell.id for cell in amid}


@pytest.mark.parametrize("key, one, other", [("smoothness", 1, 1.0), ("depth", 2, 2.0)])
def test_one_and_one_point_zero_are_one_cell(key, one, other):
    assert canonical_json(only_spec(**{key: one})) == canonical_json(only_spec(**{key: other}))


def test_negative_zero_is_zero():
    assert canonical_json(only_spec(noise_sd=-0.0)) == canonical_json(only_spec(noise_sd=0))


def test_infinite_smoothness_is_text_in_the_spec_and_a_float_in_the_tables():
    (cell,) = cells_of({"set": {"smoothness": math.inf}})
    assert cell.spec["smoothness"] == "inf"
    assert cell.columns()["smoothness"] == math.inf
    json.loads(canonical_json(cell.spec))


def test_intrinsic_dim_sets_both_sides_over_the_defaults():
    defaults = {"user_intrinsic_dim": 3}
    (cell,) = cells_of({"set": {"intrinsic_dim": 2}}, defaults=defaults)
    assert (cell.spec["user_intrinsic_dim"], cell.spec["item_intrinsic_dim"]) == (2, 2)


@pytest.mark.parametrize(
    "dims, ambient, ambients, support",
    [
        ((1, 2), None, (1, 2), "cube"),
        ((2, 2), 2, (2, 2), "cube"),
        ((1, 2), 2, (2, 2), "torus"),  # the items fill the plane, the users' circle lies in it
        ((1, 2), 4, (4, 4), "torus"),
        ((1, 1), 10, (10, 10), "torus"),
    ],
)
def test_ambient_dimensions_and_support(dims, ambient, ambients, support):
    user, item = dims
    settings = {"user_intrinsic_dim": user, "item_intrinsic_dim": item, "support": "torus"}
    spec = only_spec(ambient_dim=ambient, **settings)
    assert (spec["user_ambient_dim"], spec["item_ambient_dim"]) == ambients
    assert spec["support"] == support


def test_cells_that_differ_in_their_towers_share_their_data():
    shallow, deep = cells_of({"vary": {"depth": [1, 3]}})
    assert shallow.id != deep.id
    assert shallow.data_id == deep.data_id
    assert shallow.data_spec == deep.data_spec


@pytest.mark.parametrize(
    "key, value", [("smoothness", 2), ("ambient_dim", 9), ("rank", 3), ("noise_sd", 0.5)]
)
def test_cells_that_differ_in_their_data_do_not(key, value):
    (plain,), (other,) = cells_of({"set": {"depth": 1}}), cells_of({"set": {key: value}})
    assert plain.data_id != other.data_id


def test_the_seed_is_part_of_every_id():
    one, two = runs(study(seed=1))[0], runs(study(seed=2))[0]
    pairs = [(one.id, two.id), (one.cell.id, two.cell.id), (one.cell.data_id, two.cell.data_id)]
    assert all(left != right for left, right in pairs)


def test_two_settings_of_one_id_are_refused_and_equal_ones_are_not(monkeypatch):
    """As if ids had four bits: 32 cells cannot all have one of their own."""
    depths = {"vary": {"depth": list(range(1, 33))}}
    assert len(by_id((cell.id, cell.spec) for cell in cells_of(depths))) == 32
    assert len(by_id((cell.data_id, cell.data_spec) for cell in cells_of(depths))) == 1
    monkeypatch.setattr(grid, "short_id", lambda spec: short_id(spec)[0])
    with pytest.raises(SharedIdError, match="have the same id, [0-9a-f]:.*another seed"):
        by_id((cell.id, cell.spec) for cell in cells_of(depths))


def test_runs_are_cells_by_arms_and_only_what_matters_renames_them():
    before = runs(study())
    assert [run.arm for run in before] == ["erm", "adam"]
    assert before[0].settings == {"alternations": 2, "joint_steps": 30}
    faster = runs(study(arms={"erm": {}, "adam": {"learning_rate": 0.1}}))
    assert [a.id == b.id for a, b in zip(before, faster, strict=True)] == [True, False]
    short = runs(study(training={"precision": "float32"}))
    assert all(a.id != b.id for a, b in zip(before, short, strict=True))
    for same in ({"training": {"gpu": True}}, {"replicates": 3}, {"name": "other"}):
        assert [run.id for run in runs(study(**same))] == [run.id for run in before]


def test_an_arm_may_be_left_out():
    lone = study(arms={"adam": {}})
    assert list(lone.arms) == ["adam"]
    assert "erm" not in lone.arms and len(lone.arms) == 1
    assert lone.arms.model_dump() == {
        "adam": {"steps": 2000, "batch_size": 256, "learning_rate": 0.01}
    }


def test_a_study_survives_its_own_dump():
    experiments = {"one": {"title": "One", "vary": {"ambient_dim": [None, 3]}}}
    before = study(experiments=experiments)
    after = validated(before.model_dump(mode="python"), "dump")
    assert after == before
    assert before.model_dump()["experiments"]["one"]["vary"] == {"ambient_dim": (None, 3)}


def test_titles_by_experiment():
    assert study().title("one") == "One"


def test_merged_goes_into_mappings_and_replaces_all_else():
    raw = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert merged(raw, {"a": {"c": [3]}, "d": {"e": 2}}) == {"a": {"b": 1, "c": [3]}, "d": {"e": 2}}
    assert raw == {"a": {"b": 1, "c": [1, 2]}, "d": 1}


def test_canonical_json_of_known_values():
    text = canonical_json({"b": [1, 1.0, None], "a": "β"})
    assert text == '{"a":"\\u03b2","b":[1,1.0,null]}'
    assert digest({}).hex() == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert short_id({}) == "44136fa355"


@pytest.mark.parametrize("value", [math.nan, math.inf, [-math.inf], {"a": {"b": math.nan}}])
def test_canonical_json_refuses_what_json_lacks(value):
    with pytest.raises(ValueError):
        canonical_json(value)


def test_canonical_json_refuses_keys_that_would_merge():
    with pytest.raises(TypeError, match="keys of text"):
        canonical_json([{1: "a", "1": "b"}])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(JSON)
def test_canonical_json_forgets_the_order_of_keys_and_nothing_else(value):
    text = canonical_json(value)
    assert json.loads(text) == value
    if isinstance(value, dict):
        for order in itertools.islice(itertools.permutations(value), 3):
            assert canonical_json({key: value[key] for key in order}) == text


def test_overrides_reach_their_cells_in_every_experiment_but_not_past_its_own_settings():
    default = {"schedule": "units", "constant": 1.0}
    narrow, wide = ({"schedule": "fixed", "units": units} for units in (4, 64))
    overrides = [{"where": {"intrinsic_dim": 2}, "set": {"width": wide}}]
    asked = {
        "one": {"vary": {"intrinsic_dim": [1, 2]}},
        "two": {"set": {"intrinsic_dim": 2, "noise_sd": 0.5}},
        "three": {"set": {"intrinsic_dim": 2, "width": narrow}},
    }
    experiments = {name: {"title": name} | settings for name, settings in asked.items()}
    found = cells(study(experiments=experiments, overrides=overrides))
    widths = [(cell.spec["user_intrinsic_dim"], cell.spec["width"]) for cell in found]
    assert widths == [(1, default), (2, wide), (2, wide), (2, narrow)]


def test_cells_beside_the_grid():
    """`also` adds cells of its own; a dimension in it replaces whichever way it was set."""
    found = cells_of(
        {
            "set": {"user_intrinsic_dim": 2, "item_intrinsic_dim": 1},
            "vary": {"smoothness": [1.0, 2.0]},
            "also": [{"intrinsic_dim": 3}, {"noise": "student"}, {"item_intrinsic_dim": 4}],
        }
    )
    dims = [(cell.spec["user_intrinsic_dim"], cell.spec["item_intrinsic_dim"]) for cell in found]
    assert dims == [(2, 1), (2, 1), (3, 3), (2, 1), (2, 4)]
    assert [cell.spec.get("noise") for cell in found] == [None, None, None, "student", None]
    assert len(cells_of({"also": [{"depth": 2}, {"depth": 3}]})) == 2  # no grid, no cell of it


def test_settings_at_their_plain_values_leave_no_trace():
    """So that a cell keeps its id, and its results, when the project learns a new setting."""
    plain = {"noise": "normal", "sampling": "fresh", "control": "none", "embedding_dim": 2}
    assert only_spec(catalogue=17, **plain) == only_spec(depth=1)
    assert only_spec(sampling="fixed_users", catalogue=17)["catalogue"] == 17
    assert "catalogue" not in only_spec(sampling="grid", catalogue=17)
    assert only_spec(sampling="repeated")["ratings_each"] == 16
    assert "ratings_each" not in only_spec(sampling="grid", ratings_each=8)
    assert only_spec(embedding_dim=3)["embedding_dim"] == 3


def test_fractions_make_a_dust_and_thickness_a_slab():
    dust = only_spec(intrinsic_dim=1.5)
    assert (dust["support"], dust["user_ambient_dim"], dust["user_intrinsic_dim"]) == (
        "dust",
        2,
        1.5,
    )
    slab = only_spec(ambient_dim=2, off_manifold_noise=0.0)
    assert (slab["support"], slab["off_manifold_noise"], slab["user_ambient_dim"]) == (
        "slab",
        0.0,
        2,
    )
    assert only_spec(intrinsic_dim=2.0) == only_spec(intrinsic_dim=2)
    references = [
        cell.has_reference
        for settings in ({"intrinsic_dim": 1.5}, {"noise_sd": 0}, {"depth": 1})
        for cell in cells_of({"set": settings})
    ]
    assert references == [False, False, True]


def test_an_experiment_may_have_its_own_sizes_and_arms():
    experiments = {
        "one": {"title": "One", "vary": {"smoothness": [1.0, 2.0]}, "arms": ["adam"]},
        "two": {"title": "Two", "set": {"smoothness": 2.0}, "sample_sizes": [32, 128]},
    }
    first, second = cells(study(experiments=experiments))
    assert (first.arms, first.sample_sizes) == (("adam",), (64, 128))
    assert (second.arms, second.sample_sizes) == (("erm", "adam"), (32, 64, 128))
    found = [(run.cell.id, run.arm) for run in runs(study(experiments=experiments))]
    assert found == [(first.id, "adam"), (second.id, "erm"), (second.id, "adam")]
