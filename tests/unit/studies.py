"""A good study, and the messages that a bad one gets."""

import copy
from typing import Any

import pytest

from twotower.study.reading import StudyError, merged, validated
from twotower.study.settings import Settings

GOOD = {
    "name": "small",
    "seed": 1,
    "replicates": 4,
    "replicates_per_job": 2,
    "sample_sizes": [64, 128],
    "test_pairs": 256,
    "certificate_sizes": [128],
    "arms": {"erm": {}, "adam": {}},
    "experiments": {"one": {"title": "One", "vary": {"smoothness": [1.0]}}},
}
SMOOTHNESS = "allowed: a number above 0 and at most 10, or .inf"
SETTINGS = ", ".join(Settings.model_fields)


def with_keys(**changes: Any) -> dict:
    """The good study with some keys replaced, mappings merged."""
    return merged(copy.deepcopy(GOOD), changes)


def messages(raw: Any) -> list[str]:
    """What is said against a study that must be refused."""
    with pytest.raises(StudyError) as caught:
        validated(raw, "study.yaml")
    return caught.value.messages
