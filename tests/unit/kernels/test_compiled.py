"""Compiled code is kept where it can be, shared by copies of a commit, never trusted blindly."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from twotower.kernels import compiled

SCRIPTS = Path(__file__).parents[3] / "scripts"
SUMS = """
import twotower, numpy, sys
from twotower.kernels.compiled import compiled, folder
def total(values):
    found = 0.0
    for value in values:
        found += value * value
    return found
kernel = compiled(total)
print(kernel(numpy.arange(1000) / 7).hex(), sum(kernel.stats.cache_hits.values()), folder())
"""


def ran(folder: Path, scripts: Path = SCRIPTS, **variables: str) -> list[str]:
    """Total, hits of the cache, and the folder of code, from a program of its own."""
    program = folder / "sums.py"
    program.write_text(SUMS)
    given = os.environ | {"PYTHONPATH": str(scripts)} | variables
    for name in [name for name, value in given.items() if not value]:
        del given[name]
    made = subprocess.run([sys.executable, program], env=given, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return made.stdout.split()


def test_code_is_compiled_once_for_all_copies_of_a_commit(tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(SCRIPTS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    root = {"NUMBA_CACHE_DIR": str(tmp_path / "code")}
    first, again, elsewhere = (
        ran(tmp_path, **root),
        ran(tmp_path, **root),
        ran(tmp_path, copy, **root),
    )
    assert [first[1], again[1], elsewhere[1]] == ["0", "1", "1"]
    assert first[0] == again[0] == elsewhere[0]
    assert first[2] == elsewhere[2]
    with (copy / "twotower/kernels/__init__.py").open("a") as source:
        source.write("\n")
    edited = ran(tmp_path, copy, **root)
    assert edited[1] == "0" and edited[2] != first[2]


def test_a_home_and_a_project_that_cannot_be_written_do_no_harm(tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    none = {"NUMBA_CACHE_DIR": "", "XDG_CACHE_HOME": str(blocked / "cache")}
    temporary = ran(tmp_path, **none, TMPDIR=str(tmp_path))
    assert Path(temporary[2]).parent == tmp_path / f"tower-rates-{os.getuid()}"
    assert stat.S_IMODE(Path(temporary[2]).parent.stat().st_mode) == 0o700
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / f"tower-rates-{os.getuid()}").write_text("")
    nowhere = ran(tmp_path, **none, TMPDIR=str(tmp_path / "tmp"))
    assert nowhere == [temporary[0], "0", "None"]


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_a_file_that_is_not_whole_is_compiled_anew(tmp_path, ending):
    root = {"NUMBA_CACHE_DIR": str(tmp_path / "code")}
    first = ran(tmp_path, **root)
    [kept] = Path(first[2]).glob(f"*.{ending}")
    kept.write_bytes(kept.read_bytes()[:100])
    assert ran(tmp_path, **root)[:2] == [first[0], "0"]
    assert ran(tmp_path, **root)[:2] == [first[0], "1"]


def test_code_of_another_user_is_not_run(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "_roots", lambda: [tmp_path])
    monkeypatch.setattr(compiled.os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    compiled.folder.cache_clear()
    assert compiled.folder() is None
    compiled.folder.cache_clear()
