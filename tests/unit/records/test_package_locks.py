"""The locks pin every package that is needed, with hashes, and an audit keeps to them."""

import re
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from twotower.audits.rerun import clone
from twotower.records import package_locks, packages

ENVS = Path(__file__).parents[3] / "envs"
LOCKS = sorted(path.name for path in ENVS.glob("requirements*.txt"))


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_hashes_and_no_line_names_an_index(name):
    text = (ENVS / name).read_text(encoding="utf-8")
    lock = package_locks.read(ENVS / name)
    assert len(lock) == len(re.findall(r"^[\w.-]+==", text, re.MULTILINE))
    versions = {package: version for (package, _), (version, _) in lock.items()}
    assert packages.pins(ENVS / name) == versions
    assert "://" not in text and "-index" not in text


def test_what_a_pinned_package_needs_is_pinned():
    """Else pip refuses the lock: a package without a hash may be any file."""
    pinned = packages.pins(ENVS / "requirements.txt")
    needed = {
        canonicalize_name(each.name)
        for name in pinned
        for each in map(Requirement, metadata.requires(name) or ())
        if each.marker is None or each.marker.evaluate({"extra": ""})
    }
    cuda = {each for each in needed if each.startswith(("nvidia-", "cuda-", "triton"))}
    assert needed - cuda <= pinned.keys()


def test_the_cuda_lock_pins_the_same_and_what_torchs_cuda_build_needs():
    usual, cuda = (package_locks.read(ENVS / f"requirements{end}.txt") for end in ("", "-cuda"))
    more = package_locks.without(cuda, usual)
    assert {key: cuda[key] for key in cuda if key not in more} == {
        key: entry for key, entry in usual.items() if key[0] != "torch"
    } | {("torch", ""): usual["torch", " ; sys_platform != 'linux'"]}
    assert all("sys_platform == 'linux'" in marker for _, marker in more)
    assert {"nvidia-cublas", "triton"} <= {name for name, _ in more}


def test_torchs_builds_on_linux_are_those_without_cuda():
    """A list of both would bring the CUDA build where the CPU build lies in a folder."""
    lock = package_locks.read(ENVS / "requirements.txt")
    cpu, usual = (lock["torch", f" ; sys_platform {sign} 'linux'"] for sign in ("==", "!="))
    assert cpu[0] == usual[0] and not cpu[1] & usual[1]


def test_hashes_of_a_build_stay_with_its_version():
    now, before = ("2.0", {"a"}), {("torch", " ; sys_platform == 'linux'"): ("2.0", {"b"})}
    (cpu, _) = package_locks.of_cpu(now, ("2.0", {"c"}), before).values()
    assert cpu == ("2.0", {"a", "b"})
    (cpu, _) = package_locks.of_cpu(("2.1", {"a"}), ("2.1", {"c"}), before).values()
    assert cpu == ("2.1", {"a"})


def test_an_audit_installs_what_the_lock_names_and_nothing_else(tmp_path, monkeypatch):
    """Another file is refused; from a folder of wheels, some built here, the versions count."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "planted-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("planted.py", "")
        about = "planted-1.0.dist-info"
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: planted\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    for lock in (clone.LOCK, clone.CUDA):
        (tmp_path / lock).parent.mkdir(exist_ok=True)
        package_locks.write(tmp_path / lock, "", {("planted", ""): ("1.0", {"0" * 64})})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    with pytest.raises(clone.CloneError, match="DO NOT MATCH THE HASHES"):
        clone.fresh_environment(tmp_path, tmp_path / "refused")
    python = clone.fresh_environment(tmp_path, tmp_path / "taken", wheels)
    assert list(python.parents[1].rglob("planted.py"))
