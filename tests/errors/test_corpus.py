"""The corpus of bad input: every case gets its message and leaves no file.

How soon a message comes is measured by corpus.py, not here: a loaded machine would fail it.
"""

import subprocess

import pytest
import warm_python

from corpus import CASES, ROOT, SECTIONS, run, wanting


@pytest.mark.parametrize("name", CASES)
def test_bad_input_gets_its_message_and_leaves_no_file(name, tmp_path):
    case = CASES[name]
    if reason := wanting(case):
        pytest.skip(reason)
    found = run(case, tmp_path / "project", warm_python.folder())
    assert found.status not in (0, 124, 137), found.output  # those of `timeout`: it hung
    for words in case["says"]:
        assert words in found.output
    assert found.changed == set(case.get("changes", []))
    if case.get("by") != "snakemake":
        assert "Traceback" not in found.output


def test_the_corpus_is_large_and_says_each_thing_once():
    assert len(CASES) == sum(len(section["cases"]) for section in SECTIONS) >= 60
    assert all(case["says"] for case in CASES.values())


def test_a_script_whose_reader_leaves_ends_quietly():
    """As `python scripts/plan.py | head` does."""
    line = f"{warm_python.python()} scripts/plan.py config.yaml --pace 1 | head -n 1"
    done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.stdout and not done.stderr
