"""Bad keys and values: each fault is one exact line, and all faults come at once."""

import math

import pytest

from studies import GOOD, SETTINGS, SMOOTHNESS, messages, with_keys
from twotower.study import arms
from twotower.study.reading import StudyError, validated
from twotower.study.schema import Study
from twotower.theory import width

ARMS = ", ".join(arms.FITTED)
SCHEDULES = ", ".join(width.SCHEDULES)
NAME = "a lower-case letter, then at most 40 lower-case letters, digits and underscores"


def test_the_good_study_is_good():
    assert isinstance(validated(GOOD, "study.yaml"), Study)


@pytest.mark.parametrize(
    "overrides, line",
    [
        (
            {"replicate": 3},
            "replicate: unknown key; allowed: name, seed, replicates, replicates_per_job, "
            "sample_sizes, test_pairs, certificate_sizes, certificate_replicates, arms, "
            "experiments, defaults, overrides, training, lemmas, ranking, components, two_stages; "
            "did you mean 'replicates'?",
        ),
        (
            {"defaults": {"smothness": 1.0}},
            f"defaults.smothness: unknown key; allowed: {SETTINGS}; did you mean 'smoothness'?",
        ),
        (
            {"arms": {"adam": {"learning_rate": "1e-3"}}},
            "arms.adam.learning_rate: '1e-3' is text; allowed: a number above 0; "
            "YAML reads 1e-3 as text, write 1.0e-3",
        ),
        (
            {"arms": {"adam": {"steps": "2.5e3"}}},
            "arms.adam.steps: '2.5e3' is text; allowed: a whole number from 1 to 10,000,000; "
            "YAML reads 2.5e3 as text, write 2.5e+3",
        ),
        (
            {"arms": {"erm": None}},
            "arms.erm: null (nothing is written here); allowed: a mapping; "
            "write {} for the default settings, or drop the key to leave the arm out",
        ),
        (
            {"arms": {"svdd": {}}},
            f"arms.svdd: unknown key; allowed: {ARMS}; did you mean 'svd'?",
        ),
        (
            {"seed": "1"},
            "seed: '1' is text; allowed: a whole number from 0 to 4,294,967,295; "
            "write it without quotes and without leading zeros",
        ),
        (
            {"replicates": True},
            "replicates: true is a truth value; allowed: a whole number from 1 to 10,000",
        ),
        (
            {"sample_sizes": [128, 64]},
            "sample_sizes: 64 follows 128; allowed: sizes that grow from first to last; "
            "sort them and drop repeats",
        ),
        (
            {"sample_sizes": [128, 128.0]},
            "sample_sizes: 128 follows 128; allowed: sizes that grow from first to last; "
            "sort them and drop repeats",
        ),
        ({"sample_sizes": []}, "sample_sizes: an empty list; allowed: at least 2"),
        ({"sample_sizes": [128]}, "sample_sizes: a list of 1; allowed: at least 2"),
        ({"sample_sizes": 128}, "sample_sizes: 128 is a number; allowed: a list; write [128]"),
        (
            {"sample_sizes": [128, 2**28]},
            "sample_sizes[1]: 268435456 is too large; "
            "allowed: a whole number from 16 to 134,217,728",
        ),
        (
            {"certificate_sizes": [100]},
            "certificate_sizes: 100 is not one of sample_sizes; allowed: 64, 128",
        ),
        (
            {"defaults": {"smoothness": 0}},
            f"defaults.smoothness: 0 is too small; {SMOOTHNESS}",
        ),
        (
            {"defaults": {"smoothness": -1.5}},
            f"defaults.smoothness: -1.5 is too small; {SMOOTHNESS}",
        ),
        (
            {"defaults": {"smoothness": 11}},
            f"defaults.smoothness: 11 is too large; {SMOOTHNESS}; beyond 10 write .inf",
        ),
        (
            {"defaults": {"smoothness": "inf"}},
            f"defaults.smoothness: 'inf' is text; {SMOOTHNESS}; YAML reads inf as text, write .inf",
        ),
        (
            {"defaults": {"noise_sd": math.nan}},
            "defaults.noise_sd: nan is not a number; allowed: a number from 0 to 100",
        ),
        (
            {"defaults": {"depth": 1.5}},
            "defaults.depth: 1.5 is not a whole number; allowed: a whole number from 1 to 64",
        ),
        (
            {"defaults": {"user_intrinsic_dim": 5}},
            "defaults.user_intrinsic_dim: 5 is too large; allowed: a number from 1 to 4; "
            "above 4 no sample size in reach resolves the rate",
        ),
        (
            {"defaults": {"ambient_dim": "null"}},
            "defaults.ambient_dim: 'null' is text; "
            "allowed: a whole number from 1 to 10,000, or null; write null without quotes",
        ),
        (
            {"defaults": {"support": "tours"}},
            "defaults.support: 'tours' is unknown; allowed: graph, torus; did you mean 'torus'?",
        ),
        (
            {"defaults": {"width": {"schedule": "unit", "constant": 1.0}}},
            f"defaults.width.schedule: 'unit' is unknown; allowed: {SCHEDULES}; "
            "did you mean 'units'?",
        ),
        (
            {"defaults": {"width": {"constant": 1.0}}},
            f"defaults.width.schedule: missing; allowed: {SCHEDULES}; "
            "write it as {schedule: units, ...}",
        ),
        (
            {"defaults": {"width": {"schedule": "fixed", "units": 64, "constant": 1}}},
            "defaults.width.constant: unknown key; allowed: schedule, units",
        ),
        (
            {"defaults": {"width": 64}},
            "defaults.width: 64 is a number; allowed: a mapping of keys to values",
        ),
        (
            {"ranking": {"items": 10}},
            "ranking: k is 10 of 10 items; allowed: a k below items",
        ),
        (
            {"ranking": {"users": 65536, "items": 2048}},
            "ranking: 65,536 users times 2,048 items; allowed: at most 67,108,864 pairs in all; "
            "all of them are scored at once",
        ),
        ({"training": {"gpu": 1}}, "training.gpu: 1 is a number; allowed: true or false"),
        (
            {"training": {"gpu": "No"}},
            "training.gpu: 'No' is text; allowed: true or false; write false",
        ),
        (
            {"seed": "0x10"},
            "seed: '0x10' is text; allowed: a whole number from 0 to 4,294,967,295; "
            "write it with decimal digits",
        ),
        (
            {"experiments": {"a/b": GOOD["experiments"]["one"]}},
            f"experiments.'a/b': 'a/b' does not fit; allowed: {NAME}",
        ),
        (
            {"experiments": {"my plan": GOOD["experiments"]["one"]}},
            f"experiments.'my plan': 'my plan' does not fit; allowed: {NAME}",
        ),
    ],
)
def test_one_fault_one_line(overrides, line):
    assert messages(with_keys(**overrides)) == [line]


@pytest.mark.parametrize("key", sorted(set(GOOD) - {"replicates_per_job", "certificate_sizes"}))
def test_every_key_that_is_needed_is_asked_for(key):
    (line,) = messages({name: value for name, value in GOOD.items() if name != key})
    about = Study.model_fields[key].description.rstrip(".")
    assert line == f"{key}: missing; allowed: a value, since the key has no default; {about}"


def test_no_arm():
    assert messages(GOOD | {"arms": {}}) == [
        f"arms: no arm is given; allowed: {ARMS}; write erm: {{}} beneath arms"
    ]


def test_no_experiment():
    expected = ["experiments: an empty mapping; allowed: at least 1"]
    assert messages(GOOD | {"experiments": {}}) == expected


def test_minibatches_may_exceed_the_smallest_sample():
    assert validated(with_keys(arms={"adam": {"batch_size": 4096}}), "study.yaml")


def test_faults_of_every_kind_come_together():
    experiments = {
        "typo": {"title": "Typo", "vary": {"smoothnes": [1]}},
        "twice": {"title": "Twice", "vary": {"ambient_dim": [None, 1]}},
        "flat": {"title": "Flat", "set": {"ambient_dim": 1}, "vary": {"intrinsic_dim": [2]}},
    }
    raw = GOOD | {"replicates": 0, "seed": None, "experiments": experiments}
    with pytest.raises(StudyError) as caught:
        validated(raw, "config.yaml")
    headline, *lines = str(caught.value).splitlines()
    assert headline == "config.yaml: 5 problems"
    assert [line.split(": ")[0] for line in lines] == [
        "  seed",
        "  replicates",
        "  experiments.typo.vary.smoothnes",
        "  experiments.twice.vary",
        "  experiments.flat.set.ambient_dim",
    ]


def test_one_problem_is_singular():
    error = StudyError("config.yaml", ["seed: missing"])
    assert str(error) == "config.yaml: 1 problem\n  seed: missing"


@pytest.mark.parametrize("raw", [None, [], "text", 1])
def test_a_study_that_is_no_mapping(raw):
    (line,) = messages(raw)
    assert line.startswith("the study: ")
    assert line.endswith("; allowed: a mapping of keys to values")
