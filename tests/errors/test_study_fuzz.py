"""Whatever a study file holds, nothing but StudyError is raised, in lines that can be printed.

Nothing that it holds may run, and what is valid may only name what is safe as a part of a path.
"""

import contextlib
import copy
import re
import resource
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from studies import GOOD
from twotower.study import grid
from twotower.study.reading import StudyError, load_study, merged, read_study, validated

HOSTILE = [
    "../../etc/passwd", "/etc/passwd", "a/../b", "~", "$(touch owned)", "`id`", "a; rm -rf /",
    "{run}", "a\nb", "a\0b", "\x1b[2J", "\u202egpj", "größe", "NaN", "a" * 5000, "CON", "..", "%s",
]  # fmt: skip
NUMBERS = [10**9, 10**100, -(10**4000), 2**63, 1e308, 5e-324, -0.0, float("inf"), float("nan")]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["1e-3", "inf", "torus", "fixed", "schedule", *HOSTILE])
    | st.sampled_from(NUMBERS)
)
KEYS = (
    st.text(max_size=6)
    | st.integers()
    | st.booleans()
    | st.none()
    | st.floats()
    | st.sampled_from(HOSTILE)
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)
PATHS = [
    *((key,) for key in sorted(GOOD)),
    ("defaults",),
    ("defaults", "width"),
    ("overrides",),
    ("lemmas",),
    ("arms", "adam"),
    ("training",),
    ("experiments", "one"),
    ("experiments", "one", "set"),
    ("experiments", "one", "also"),
    ("experiments", "one", "vary"),
    ("experiments", "one", "vary", "width"),
    ("experiments", "one", "vary", "ambient_dim"),
]
TEXT = yaml.safe_dump(GOOD, sort_keys=False).encode()
# What the YAML of Python is known to run, if it is let.
LOADED = [
    b"!!python/object/apply:os.system ['touch owned']",
    b"!!python/name:os.system",
    b"!!python/object/new:type {}",
    b"&a [*a]",
    b"<<: *a",
    b"!!binary aGk=",
    b"!!timestamp 2024-01-01",
    b"? [a]",
    b"\xff\xfe",
    b"\r\n\t",
    b"[" * 30,
    b"9" * 400,
]
MUTATIONS = st.lists(
    st.tuples(
        st.integers(0, len(TEXT)),  # where
        st.integers(0, 12),  # how many bytes go
        st.binary(max_size=6) | st.sampled_from(LOADED) | st.sampled_from(TEXT.split(b" ")),
    ),
    min_size=1,
    max_size=5,
)


def _planted(path: tuple[str, ...], value: Any) -> dict:
    for key in reversed(path):
        value = {key: value}
    return merged(copy.deepcopy(GOOD), value)


def check(read: Any) -> None:
    """A study whose names and ids are safe in any file name, or a fault in printable lines."""
    try:
        study = read()
    except StudyError as error:
        assert error.messages
        assert all(message.isprintable() for message in error.messages)
        return
    for name in (study.name, *study.experiments):
        assert re.fullmatch("[a-z][a-z0-9_]{0,40}", name)
    for run in grid.runs(study):
        assert re.fullmatch("[0-9a-f]{10}", run.id) and re.fullmatch("[0-9a-f]{10}", run.cell.id)


@settings(max_examples=150, deadline=None)
@given(DATA | st.builds(_planted, st.sampled_from(PATHS), DATA))
@example(GOOD | {"seed": 10**4000})
@example(GOOD | {"experiments": {"a\nb": GOOD["experiments"]["one"]}})
def test_whatever_the_data_only_study_errors_are_raised(raw):
    check(lambda: validated(raw, "study.yaml"))


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


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=200))
def test_whatever_the_bytes_only_study_errors_are_raised(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(content)
    check(lambda: read_study(path))


@settings(max_examples=250, deadline=None)
@given(mutations=MUTATIONS)
def test_a_good_file_with_bytes_changed_is_a_study_or_is_refused(tmp_path_factory, mutations):
    folder = tmp_path_factory.getbasetemp()
    content = TEXT
    for start, gone, put in mutations:
        content = content[:start] + put + content[start + gone :]
    (folder / "mutated.yaml").write_bytes(content)
    before, beside = set(sys.modules), set(folder.iterdir())
    check(lambda: read_study(folder / "mutated.yaml"))
    assert set(folder.iterdir()) == beside
    # nothing is imported but what Python's own library loads late, such as codecs
    assert {name.split(".")[0] for name in set(sys.modules) - before} <= sys.stdlib_module_names
    assert not Path("owned").exists()


def _bulk(key: str, value: str, times: int) -> bytes:
    return TEXT + f"\n{key}: [".encode() + f"{value},".encode() * times + b"]\n"


def _swept(*lists: str) -> bytes:
    vary = ", ".join(lists)
    return TEXT.replace(b"vary:\n      smoothness:\n      - 1.0", f"vary: {{{vary}}}".encode())


GRID = ", ".join(f"{i / 1000}" for i in range(1, 5001))
BULK = {
    "brackets": b"a: " + b"[" * 10**6,
    "dashes": b"- " * 500_000,
    "colons": b":" * 10**6,
    "quotes": b'"' + b"\\n" * 500_000,
    "digits": b"seed: " + b"9" * 10**6,
    "lines": b"\n" * 10**6,
    "documents": b"---\n" * 250_000,
    "directives": b"%a\n" * 250_000,
    "wrong values": _bulk("overrides", "x", 45_000),
    "unknown keys": b"".join(b"replicate%d: 1\n" % i for i in range(24_000)),
    "a value repeated": _swept(f"smoothness: [{'1.0,' * 5000}]"),
    "as many cells as there may be": _swept(f"smoothness: [{GRID}]"),
    "too many cells": _swept(f"smoothness: [{GRID}]", f"noise_sd: [{GRID}]"),
    "cells by overrides": _swept(f"smoothness: [{GRID}]")
    + b"overrides:\n"
    + b"".join(b"- {where: {catalogue: %d}, set: {depth: 1}}\n" % i for i in range(100, 1100)),
    "trainings": _swept(f"smoothness: [{GRID}]")
    .replace(b"replicates: 4", b"replicates: 10000")
    .replace(b"replicates_per_job: 2", b"replicates_per_job: 1"),
}


@pytest.mark.parametrize("kind", BULK)
def test_bulk_exhausts_neither_time_nor_memory(tmp_path, kind):
    """Each file is a megabyte at most, and takes seconds; one that grew as it is read, minutes."""
    path = tmp_path / "bulk.yaml"
    path.write_bytes(BULK[kind])
    began, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with contextlib.suppress(StudyError):
        read_study(path)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert time.process_time() - began < 60.0
    assert after - before < 512 * 1024  # KiB
