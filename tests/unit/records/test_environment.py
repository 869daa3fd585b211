"""Environments: what they hold and leave out, how they differ in words, what a job takes over."""

import json
import os
import re
import socket
import subprocess
import sys
from copy import deepcopy
from importlib import metadata
from pathlib import Path

import pytest

from twotower.base import pins
from twotower.base.seeds import generator
from twotower.records import environment, packages

ROOT = Path(__file__).parents[3]
LOCK = ROOT / "envs/requirements.txt"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def now():
    return environment.current() | {"threads": 1}  # whatever other tests have loaded


def packaged(folder, name, version, *lines):
    """A package's metadata as an installer leaves it."""
    place = folder / f"{name}-{version}.dist-info"
    place.mkdir(parents=True)
    (place / "RECORD").write_text("\n".join(lines) + "\n")
    return place


def test_packages_are_those_that_python_finds(now):
    versions = {name: each["version"] for name, each in now["packages"].items()} | now["beside"]
    known = {packages._name(each.name): each.version for each in metadata.distributions()}
    assert versions == known
    assert now["packages"].keys() == packages.pins(LOCK).keys() & known.keys()
    assert re.fullmatch("[0-9a-f]{64}", now["packages"]["numpy"]["sha256"])


def test_torch_is_told_without_importing_it(now):
    import torch

    assert now["torch"]["version"] == torch.__version__
    assert now["torch"]["git"] == torch.version.git_version


def test_the_random_stream_is_the_known_one(now):
    """If this fails, numpy's Philox or normal deviates have changed: no result repeats."""
    assert now["stream"] == environment.STREAM
    assert now["stream"][0] == generator(0, {}, "test vector", 0).normal().hex()


def printed(code: str) -> str:
    """What code prints in a Python of its own that finds the library."""
    library = os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=library, capture_output=True, check=True, encoding="utf-8"
    )
    return done.stdout


def test_pins_and_threads_are_those_of_the_process():
    code = (
        "import json, os; from twotower.records import environment; "
        "os.environ['MKL_CBWR'] = 'AUTO'; del os.environ['OMP_NUM_THREADS']; "
        "import torch; torch.set_num_threads(3); print(json.dumps(environment.current()))"
    )
    found = json.loads(printed(code))
    assert found["threads"] == 3
    assert found["pins"] == pins.PINS | {"MKL_CBWR": "AUTO", "OMP_NUM_THREADS": None}


def test_a_processor_that_is_hidden_from_numpy_is_told_as_another(now):
    code = (
        "import json, os; os.environ['NPY_DISABLE_CPU_FEATURES'] = 'X86_V3'; "
        "os.environ['GLIBC_TUNABLES'] = 'glibc.malloc.check=0:glibc.cpu.hwcaps=-AVX2'; "
        "os.environ['NPY_ENABLE_CPU_FEATURES'] = ''; "
        "from twotower.records import environment; print(json.dumps(environment.current()))"
    )
    hidden = json.loads(printed(code))
    told = [line for line in environment.differences(now, hidden) if line.startswith("cpu")]
    assert told == [
        "cpu variables GLIBC_TUNABLES glibc.cpu.hwcaps=-AVX2, not nothing",
        "cpu variables NPY_DISABLE_CPU_FEATURES X86_V3, not X86_V4 AVX512_ICL AVX512_SPR",
    ]


def test_threads_are_those_that_threadpoolctl_finds():
    code = (
        "import numpy, scipy.linalg, torch, faiss; from threadpoolctl import threadpool_limits; "
        "from twotower.records.environment import _threads; one = _threads(); "
        "threadpool_limits(5); print(one, _threads())"
    )
    assert printed(code).split() == ["1", "5"]


@pytest.mark.parametrize(
    "change",
    [
        {"threads": "2"},
        {"packages": {"numpy": "2"}},
        {"beside": []},
        {"pins": None},
        {"stream": 1},
        {"startup": {"a.pth": "0"}},
        {"startup": []},
        {"cpu": {"model": "", "flags": [], "variables": []}},
        {"cpu": {"model": "", "flags": [], "variables": {"GLIBC_TUNABLES": 1}}},
    ],
)
def test_an_environment_of_another_shape_is_none(folder, now, change):
    assert environment.read(environment.save(now | change)) is None
    assert environment.read(environment.save({})) is None


def test_no_time_path_or_name_of_a_machine(now):
    text = json.dumps(now)
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", text)
    assert str(Path.home()) not in text and sys.prefix not in text
    again = environment.current() | {"threads": 1}
    assert environment.digest(again) == environment.digest(now)


def test_a_wheel_is_known_by_its_own_lines_alone(folder, monkeypatch):
    """Whatever an installer adds, so that the same wheel has the same hash everywhere."""
    monkeypatch.setattr(sys, "path", ["site"])
    own = ["a/__init__.py,sha256=x,1", "a-1.0.dist-info/METADATA,sha256=y,2"]
    added = ["../../../bin/a,sha256=z,3", "a/__pycache__/b.pyc,,", "a-1.0.dist-info/INSTALLER,h,4",
             "a-1.0.dist-info/RECORD,,", "a-1.0.dist-info/REQUESTED,h,0"]  # fmt: skip
    (folder / "lock").write_text("a==1.0\n")
    hashes = []
    for lines in (own, added + own, ["a/__init__.py,sha256=other,1", own[1]]):
        place = packaged(folder / "site", "a", "1.0", *lines)
        hashes.append(packages.packages(folder / "lock")["packages"]["a"]["sha256"])
        (place / "RECORD").unlink()
        place.rmdir()
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_job_takes_over_what_its_run_noted_until_a_package_changes(folder, monkeypatch):
    monkeypatch.setattr(sys, "path", ["site"])
    (folder / "lock").write_text("a==1.0\n")
    packaged(folder / "site", "a", "1.0", "a.py,sha256=x,1")
    packages.note(folder / "lock")
    looked = packages._look
    monkeypatch.setattr(packages, "_look", None)  # what a job does not do again
    assert packages.packages(folder / "lock")["packages"]["a"]["version"] == "1.0"
    monkeypatch.setattr(packages, "_look", looked)
    os.rename(folder / "site/a-1.0.dist-info", folder / "site/a-2.0.dist-info")
    assert packages.packages(folder / "lock")["packages"]["a"]["version"] == "2.0"
    packages.NOTE.write_text("[]")
    assert packages.packages(folder / "lock")["packages"]["a"]["version"] == "2.0"


def test_saved_under_the_digest_of_its_content(folder, now):
    name = environment.save(now)
    assert environment.read(name) == now
    assert (
        [path.stem for path in environment.ENVIRONMENTS.iterdir()]
        == [name]
        == [environment.digest(now)]
    )
    path = environment.ENVIRONMENTS / f"{name}.json"
    path.write_text(path.read_text().replace('"threads": 1', '"threads": 2'))
    assert environment.read(name) is None
    environment.save(now)
    assert environment.read(name) == now


def test_differences_are_told_in_words(now):
    now = deepcopy(now) | {"beside": {"their-package": "1.0", "our-package": "1.0"}}
    other = deepcopy(now)
    assert environment.differences(now, other) == []
    other["threads"] = 2
    other["packages"]["numpy"]["version"] = "0.1"
    other["pins"]["MKL_CBWR"] = None
    other["beside"] = {"my-package": "1.0", "our-package": "2.0"}
    del other["packages"]["scipy"]
    scipy = now["packages"]["scipy"]
    assert environment.differences(now, other) == [
        f"packages numpy version 0.1, not {now['packages']['numpy']['version']}",
        f"packages scipy sha256 nothing, not {scipy['sha256'][:12]}",
        f"packages scipy version nothing, not {scipy['version']}",
        "pins MKL_CBWR nothing, not AVX2,STRICT",
        "threads 2, not 1",
        "more packages that no lock pins: my-package",
        "without packages that no lock pins: their-package",
        "other versions of the packages that no lock pins: our-package",
    ]
