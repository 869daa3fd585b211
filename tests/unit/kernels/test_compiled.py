"""Compiled code is kept where it can be, shared by copies of a commit, never trusted blindly."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from twotower.kernels import code_folder, fused

SCRIPTS = Path(__file__).parents[3] / "scripts"
SUMS = """
import twotower, numpy, sys
from twotower.kernels.compiled import compiled, folder
def power(exponent):
    @compiled
    def raised(value):
        return value**exponent
    return raised
def sums(exponent):
    raised = power(exponent)
    @compiled
    def total(values):
        found = 0.0
        for value in values:
            found += raised(value)
        return found
    return total
print(sums(3)(numpy.ones(7)), sums(3)(numpy.arange(2.0)), end=" ")
kernel = sums(2)
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
    cubes, one, *found = made.stdout.split()
    assert (cubes, one) == ("7.0", "1.0")  # each constant has code of its own
    return found


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
    for kept in Path(first[2]).glob(f"*.{ending}"):
        kept.write_bytes(kept.read_bytes()[:100])
    assert ran(tmp_path, **root)[:2] == [first[0], "0"]
    assert ran(tmp_path, **root)[:2] == [first[0], "1"]


def test_code_of_another_user_is_not_run(tmp_path, monkeypatch):
    monkeypatch.setattr(code_folder, "_roots", lambda: [tmp_path])
    monkeypatch.setattr(code_folder.os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    code_folder.folder.cache_clear()
    assert code_folder.folder() is None
    code_folder.folder.cache_clear()


def test_what_is_compiled_is_noted_once_and_for_this_numba(tmp_path, monkeypatch):
    monkeypatch.setattr(code_folder, "_roots", lambda: [tmp_path])
    code_folder.folder.cache_clear()
    assert code_folder.missing(["a", "b"]) == ["a", "b"]
    code_folder.note(["b"])
    code_folder.note(["c"])
    assert code_folder.missing(["a", "b", "c"]) == ["a"]
    monkeypatch.setattr(code_folder.metadata, "version", lambda name: "another")
    assert code_folder.missing(["b"]) == ["b"]
    (code_folder.folder() / "ready.json").write_text("[")
    assert code_folder.missing(["b"]) == ["b"]
    monkeypatch.setattr(code_folder, "_roots", lambda: [])
    code_folder.folder.cache_clear()
    code_folder.note(["a"])
    assert code_folder.missing(["a"]) == []  # it could not be kept: jobs compile for themselves
    code_folder.folder.cache_clear()


def test_functions_with_other_constants_have_other_names():
    """Kept code of two processes is linked by names: one name must be one function."""
    sizes = [(1, 1, 2), (2, 2, 2), (1, 10, 4)]
    made = [make(*each) for make in (fused.squared_error, fused.curvatures) for each in sizes]
    made += [fused.one_network(*each, squared) for each in sizes for squared in (False, True)]
    assert len({each.py_func.__qualname__ for each in made}) == len(made)


FITS = """
import hashlib, sys, twotower, numpy, torch
sys.path.insert(0, sys.argv[1])
from cells import sample
from twotower.towers import networks, training
from twotower.towers.objectives import SquaredError
torch.set_num_threads(1)
for text in sys.argv[2:]:
    dim, depth = map(int, text.split(","))
    data = sample(range(2), 300, dim=dim, depth=depth)
    towers = training.random_towers(data)
    loss, gradient = networks.loss_and_gradient(towers, *data.pairs)
    found = SquaredError(towers, *data.pairs, sorts=False)(towers.flat())
    assert torch.allclose(found[0], loss) and torch.allclose(found[1], gradient), text
    steps = {"steps": 70, "batch_size": 32, "learning_rate": 0.01}
    settings = {"alternations": 2, "joint_steps": 8} | steps
    fits = [training.ARMS[arm](data, settings).towers.flat() for arm in ("erm", "adam")]
    print(text, *(hashlib.sha256(fit.numpy().tobytes()).hexdigest() for fit in fits))
"""


def fits(folder: Path, *sizes: str, **variables: str) -> subprocess.Popen:
    program = folder / "fits.py"
    if not program.exists():  # an earlier job may be reading it
        program.write_text(FITS)
    command = [sys.executable, program, Path(__file__).parents[1], *sizes]
    given = os.environ | {"PYTHONPATH": str(SCRIPTS)} | variables
    return subprocess.Popen(command, env=given, stdout=subprocess.PIPE, text=True)


def test_towers_have_the_same_bits_however_their_code_came(tmp_path):
    """Compiled by several jobs at once, loaded together, or compiled where nothing is kept."""
    kept = {"NUMBA_CACHE_DIR": str(tmp_path / "code")}
    at_once = [fits(tmp_path, size, **kept) for size in ("2,1", "3,1", "1,2")]
    first = [job.communicate()[0].splitlines() for job in at_once]
    together = fits(tmp_path, "2,1", "3,1", "1,2", **kept).communicate()[0].splitlines()
    assert [line for lines in first for line in lines] == together and len(together) == 3
    blocked = tmp_path / "a file"
    blocked.write_text("")
    nowhere = {"NUMBA_CACHE_DIR": str(blocked / "code"), "XDG_CACHE_HOME": str(blocked / "cache")}
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / f"tower-rates-{os.getuid()}").write_text("")
    alone = fits(tmp_path, "2,1", **nowhere, TMPDIR=str(tmp_path / "tmp"))
    assert alone.communicate()[0].splitlines() == together[:1]
