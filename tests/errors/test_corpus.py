"""The corpus of bad input: every case gets its message and leaves no file.

How soon a message comes is measured by corpus.py, not here: a loaded machine would fail it.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from corpus import CASES, ROOT, SECTIONS, run, wanting

pytestmark = pytest.mark.xdist_group("corpus")  # one worker's: it runs two cases at a time


@pytest.fixture(scope="module")
def told(request, tmp_path_factory):
    """Case → what it did, for those that were selected; all of them started at once."""
    names = [
        item.callspec.params["name"]
        for item in request.session.items
        if getattr(item, "module", None) is request.module and hasattr(item, "callspec")
    ]
    base = tmp_path_factory.mktemp("corpus")
    with ThreadPoolExecutor(max_workers=2) as pool:
        waiting = {
            name: pool.submit(run, CASES[name], base / f"{index}")
            for index, name in enumerate(names)
            if not wanting(CASES[name])
        }
        yield lambda name: waiting[name].result()


@pytest.mark.parametrize("name", CASES)
def test_bad_input_gets_its_message_and_leaves_no_file(name, told):
    case = CASES[name]
    if reason := wanting(case):
        pytest.skip(reason)
    found = told(name)
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
    line = f"{sys.executable} scripts/plan.py config.yaml --pace 1 | head -n 1"
    done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.stdout and not done.stderr
