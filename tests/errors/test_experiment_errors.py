"""Bad experiments: keys that disagree, cells that cannot be, cells given twice, too many."""

from typing import Any

import pytest

from studies import GOOD, SETTINGS, SMOOTHNESS, messages
from twotower.data.sampling import AGAIN
from twotower.study.reading import validated


def with_experiment(**parts: Any) -> dict:
    return GOOD | {"experiments": {"one": {"title": "One"} | parts}}


@pytest.mark.parametrize(
    "parts, line",
    [
        (
            {"vary": {"smoothnes": [1.0]}},
            "experiments.one.vary.smoothnes: unknown key; "
            f"allowed: {SETTINGS}, intrinsic_dim; did you mean 'smoothness'?",
        ),
        (
            {"vary": {"smoothness": [1.0, "1e-3"]}},
            f"experiments.one.vary.smoothness[1]: '1e-3' is text; {SMOOTHNESS}; "
            "YAML reads 1e-3 as text, write 1.0e-3",
        ),
        (
            {"vary": {"smoothness": []}},
            "experiments.one.vary.smoothness: an empty list; allowed: at least 1",
        ),
        (
            {"vary": {"depth": 2}},
            "experiments.one.vary.depth: 2 is a number; allowed: a list; write [2]",
        ),
        (
            {},
            "experiments.one: neither set nor vary holds a key; "
            "allowed: at least one key in either",
        ),
        (
            {"set": {"depth": 2}, "vary": {"depth": [1]}},
            "experiments.one: depth stands under set and under vary; "
            "allowed: each key in one of the two",
        ),
        (
            {"set": {"item_intrinsic_dim": 2}, "vary": {"intrinsic_dim": [1]}},
            "experiments.one: intrinsic_dim stands beside item_intrinsic_dim; allowed: "
            "intrinsic_dim alone, or user_intrinsic_dim and item_intrinsic_dim; "
            "intrinsic_dim is a shorthand that sets both",
        ),
        (
            {"vary": {"smoothness": [1, 1.0]}},
            "experiments.one.vary.smoothness[1]: 1.0 repeats smoothness[0]; "
            "allowed: each value once; remove one of the two",
        ),
        (
            {"vary": {"ambient_dim": [None, 1]}},
            "experiments.one.vary: ambient_dim null and ambient_dim 1 are the same cell; "
            "allowed: each cell once; remove one of the two",
        ),
        (
            {"set": {"intrinsic_dim": 3}, "vary": {"ambient_dim": [3, 2]}},
            "experiments.one.vary.ambient_dim[1]: 2 is below the intrinsic dimension 3; "
            "allowed: 3 or more here, or null",
        ),
        (
            {"set": {"ambient_dim": 1}, "vary": {"intrinsic_dim": [1, 2]}},
            "experiments.one.set.ambient_dim: 1 is below the intrinsic dimension 2; "
            "allowed: 2 or more here, or null",
        ),
        (
            {"set": {"intrinsic_dim": 2, "support": "torus"}, "vary": {"ambient_dim": [2, 3, 4]}},
            "experiments.one.vary.ambient_dim[1]: 3 is too small for a torus of 2 intrinsic "
            "dimensions; allowed: 4 or more here, or null; "
            "each of them is a circle and takes two; support: graph takes any",
        ),
        (
            {
                "set": {"support": "torus", "ambient_dim": 3, "item_intrinsic_dim": 3},
                "vary": {"user_intrinsic_dim": [1, 2, 3]},
            },
            "experiments.one.set.ambient_dim: 3 is too small for a torus of 2 intrinsic "
            "dimensions; allowed: 6 or more here, or null; "
            "each of them is a circle and takes two; support: graph takes any",
        ),
        (
            {
                "vary": {
                    "depth": list(range(1, 65)),
                    "rank": list(range(1, 65)),
                    "smoothness": [1, 2],
                }
            },
            "experiments: the lists under vary make 8192 cells; allowed: at most 5,000 in all",
        ),
        (
            {"set": {"worst_case_at": 512, "noise_sd": 0.0}},
            "experiments.one: worst_case_at with a fraction as a dimension, off_manifold_noise, "
            "smoothness .inf or noise_sd 0; allowed: null",
        ),
        (
            {"set": {"worst_case_at": 2**26, "smoothness": 0.5, "intrinsic_dim": 2}},
            "experiments.one: worst_case_at 67,108,864 asks for more frequencies than targets may "
            "have; allowed: a smaller number, or null; their number grows with ratings, and falls "
            "with smoothness and noise",
        ),
        (
            {"set": {"off_manifold_noise": 0.5}},
            "experiments.one (defaults.ambient_dim): off_manifold_noise with intrinsic dimensions "
            "1 and 1; allowed: 1 more than intrinsic_dim, 1 or 2, here; "
            "the support is thick in one further dimension",
        ),
        (
            {"vary": {"intrinsic_dim": [1.5], "ambient_dim": [3]}},
            "experiments.one.vary.ambient_dim[0]: 3 with a fraction, 1.5, as an intrinsic "
            "dimension; allowed: null; a dust is not bent",
        ),
        (
            {
                "set": {"depth": 2},
                "also": [{"ambient_dim": 4}, {"intrinsic_dim": 3, "ambient_dim": 2}],
            },
            "experiments.one.also[1].ambient_dim: 2 is below the intrinsic dimension 3; "
            "allowed: 3 or more here, or null",
        ),
        (
            {"set": {"depth": 2}, "arms": ["erm", "joint"]},
            "experiments.one.arms[1]: 'joint' is not one of the study's arms; allowed: erm, adam",
        ),
        (
            {"title": "two\nlines", "set": {"depth": 2}},
            "experiments.one.title: 'two\\nlines' does not fit; "
            "allowed: one line of 1 to 120 printable characters",
        ),
    ],
)
def test_one_fault_of_an_experiment_one_line(parts, line):
    assert messages(with_experiment(**parts)) == [line]


def test_ambient_dimension_from_the_defaults_is_named_as_such():
    raw = with_experiment(vary={"intrinsic_dim": [1, 2]}) | {"defaults": {"ambient_dim": 1}}
    assert messages(raw) == [
        "experiments.one (defaults.ambient_dim): 1 is below the intrinsic dimension 2; "
        "allowed: 2 or more here, or null"
    ]


@pytest.mark.parametrize("design", ["fresh", "popularity", "not_at_random"])
def test_pairs_of_ratings_need_users_who_rate_again(design):
    arms = {"arms": {"erm": {}, "pairwise": {}}}
    vary = {"sampling": ["fixed_users", design], "noise_sd": [0.5, 1.0]}  # told once
    again = [name for name, towers in AGAIN.items() if "user" in towers]
    assert messages(with_experiment(vary=vary) | arms) == [
        f"experiments.one: arm pairwise with sampling {design}, which rates no user twice; "
        f"allowed: sampling {', '.join(again)}; "
        "it learns from pairs of ratings of one user; or name other arms in arms"
    ]
    validated(with_experiment(vary=vary, arms=["erm"]) | arms, "study.yaml")
    validated(with_experiment(set={"sampling": "fixed_users"}) | arms, "study.yaml")


def test_what_the_names_and_axes_of_experiments_cannot_be():
    one = {"title": "One", "set": {"depth": 2}}
    assert messages(GOOD | {"experiments": {"train": one}}) == [
        "experiments.train: a reserved name; allowed: another name; "
        "the workflow has a rule of this name"
    ]
    growing = {"title": "One", "set": {"depth": 2}, "axis": "units"}
    assert messages(GOOD | {"experiments": {"one": one, "two": growing}}) == [
        "experiments.two: axis units with a width of schedule units; "
        "allowed: only widths of schedule fixed"
    ]
    fixed = {
        "title": "One",
        "vary": {"width": [{"schedule": "fixed", "units": 4}]},
        "axis": "units",
    }
    assert messages(GOOD | {"experiments": {"one": fixed}}) == [
        "experiments: every experiment has axis units; allowed: at least one with axis ratings; "
        "the ledger of claims is about rates in the number of ratings"
    ]
