"""What all folders of tests share: a warm Python, and which test is started first.

A long test that begins last keeps one worker busy while the others wait. Items are sorted by
`FIRST`: longest ones, and those that make a finished study which others need, come first.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import warm_python

FIRST = (
    "tests/cluster",
    "tests/workflow/test_same_bytes.py::test_folder",
    "tests/audits/test_audit.py",
    "tests/faults",
    "tests/workflow/test_planning.py",
    "tests/workflow/test_same_bytes.py",
    "tests/workflow/test_real.py",
    "tests/crate/test_judges.py",
    "::test_honest_data_pass",
    "::test_intervals_hold_for_curves_that_steepen",
    "tests/workflow",
    "tests/audits",
    "tests/crate",
    "tests/errors",
)
"""Parts of node ids, in the order in which they are started; all others come last."""


def place(item: pytest.Item) -> int:
    """Of an item in the order of work."""
    return next((i for i, part in enumerate(FIRST) if part in item.nodeid), len(FIRST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=place)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.warm = Path(tempfile.mkdtemp(prefix="tower-rates-warm-"))
        config.warm_server = warm_python.start(config.warm)


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "warm"):
        if config.warm_server:
            warm_python.stop(config.warm_server)
        shutil.rmtree(config.warm)


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable:
    """What makes a folder once for all workers: a name and a function of the folder that makes it.

    Returns the folder, and the text that the function returned. The folder is not to be changed.
    """
    own = tmp_path_factory.getbasetemp()
    room = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def made(name: str, make: Callable[[Path], str]) -> tuple[Path, str]:
        folder, done = room / name, room / f"{name}.done"
        with open(room / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                done.write_text(make(folder), encoding="utf-8")
        return folder, done.read_text(encoding="utf-8")

    return made
