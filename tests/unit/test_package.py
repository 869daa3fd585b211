"""`pip install .` gives the whole library, typed, and no script; its optimizer needs little."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from twotower.records import packages

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WITH_TORCH_AND_NUMBA = """
import importlib, sys
sys.path.append(sys.argv[1])
import numba, torch
before = set(sys.modules)
found = importlib.import_module(sys.argv[2])
new = {name.split(".")[0] for name in set(sys.modules) - before} - sys.stdlib_module_names
print(found.__file__, *sorted(new))
"""


def requirements(path: str) -> dict[str, Requirement]:
    """Those of an .in file, by name."""
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    found = [Requirement(line.split("#")[0]) for line in lines if line.split("#")[0].strip()]
    return {each.name: each for each in found}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder outside of the project that the library was installed into, without a network."""
    folder = tmp_path_factory.mktemp("elsewhere") / "site"
    options = ["--quiet", "--no-build-isolation", "--no-deps", "--no-index", "--target"]
    pip = [sys.executable, "-m", "pip", "install", *options, str(folder), str(ROOT)]
    done = subprocess.run(pip, cwd=folder.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_all_modules_are_there_and_nothing_else(site):
    """No script, no test, and the mark that says that the annotations are to be trusted."""
    library = ROOT / "scripts"
    parts = [path for end in ("py", "j2") for path in (library / "twotower").rglob(f"*.{end}")]
    own = {path.relative_to(library) for path in parts}
    made = {path.relative_to(site) for path in site.rglob("*") if path.is_file()}
    made = {path for path in made if path.suffix != ".pyc"}
    assert {path for path in made if not path.parts[0].endswith(".dist-info")} == own | {
        Path("twotower/py.typed")
    }


def test_the_optimizer_needs_torch_and_numba_alone(site):
    module = next(site.rglob("towers/lbfgs.py")).relative_to(site).with_suffix("")
    name = ".".join(module.parts)
    asked = [sys.executable, "-I", "-c", WITH_TORCH_AND_NUMBA, str(site), name]
    done = subprocess.run(asked, cwd=site.parent, capture_output=True, check=True, text=True)
    assert done.stdout.split() == [str(site / module) + ".py", "twotower"]


def test_ranges_admit_what_is_pinned_and_nothing_is_left_out():
    """The package's ranges and what `make` installs name the same packages."""
    extras = PROJECT["project"]["optional-dependencies"]
    listed = [
        *PROJECT["project"]["dependencies"],
        *(each for one in extras.values() for each in one),
    ]
    ranges = {each.name: each for each in map(Requirement, listed) if each.name != "tower-rates"}
    assert ranges.keys() == requirements("envs/requirements.in").keys()
    pins = packages.pins(ROOT / "envs/requirements.txt")
    builder = Requirement(PROJECT["build-system"]["requires"][0])
    pins |= packages.pins(ROOT / "envs/requirements-dev.txt")
    refused = [
        str(each)
        for each in [*ranges.values(), builder]
        if not each.specifier.contains(pins[canonicalize_name(each.name)])
    ]
    assert refused == []
