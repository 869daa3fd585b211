"""Whatever a study file holds, nothing but StudyError is raised, in lines that can be printed."""

import copy
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from studies import GOOD
from twotower.study_file import StudyError, load_study, merged, validated

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["1e-3", "inf", "torus", "fixed", "schedule"])
)
KEYS = st.text(max_size=6) | st.integers() | st.booleans() | st.none() | st.floats()
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)
PATHS = [
    *((key,) for key in sorted(GOOD)),
    ("defaults",),
    ("defaults", "width"),
    ("arms", "adam"),
    ("training",),
    ("experiments", "one"),
    ("experiments", "one", "set"),
    ("experiments", "one", "vary"),
    ("experiments", "one", "vary", "width"),
    ("experiments", "one", "vary", "ambient_dim"),
]


def _planted(path: tuple[str, ...], value: Any) -> dict:
    for key in reversed(path):
        value = {key: value}
    return merged(copy.deepcopy(GOOD), value)


@settings(max_examples=100, deadline=None)
@given(DATA | st.builds(_planted, st.sampled_from(PATHS), DATA))
def test_whatever_the_data_only_study_errors_are_raised(raw):
    try:
        validated(raw, "study.yaml")
    except StudyError as error:
        assert error.messages
        assert all(message.isprintable() for message in error.messages)


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet="ab01:-[]{},&*!|>'\"%@`#?\t\n \\.\x07é", max_size=40))
def test_whatever_the_text_only_study_errors_are_raised(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        raw = load_study(path)
    except StudyError as error:
        assert all(message.isprintable() for message in error.messages)
    else:
        assert raw == yaml.safe_load(yaml.safe_dump(raw))
