"""What runs in a process besides its script: told with a hash, wherever it was put."""

import base64
import hashlib
import json
import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

from twotower.records import environment, packages, startup

ROOT = Path(__file__).parents[3]
TELL = (
    "import json, sys; sys.path.insert(0, {!r}); {}\n"
    "from twotower.records import startup; print(json.dumps(startup.current()))"
)


def told(work="", **variables):
    """What a Python of its own says that it ran, after some work."""
    scripts = str(ROOT / "scripts")
    code = TELL.format(scripts, work)
    path = os.pathsep.join(filter(None, [scripts, variables.pop("PYTHONPATH", "")]))
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": path} | variables,
        capture_output=True, check=True, encoding="utf-8",
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    assert all(each["of"] == "" for each in found.values())
    return {name: each["sha256"] for name, each in found.items()}


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_projects_own_scripts_are_not_told():
    assert told("import twotower.base.files, numpy") == {}


@pytest.mark.parametrize("name", ["sitecustomize", "usercustomize"])
def test_what_python_imports_as_it_starts_is_told(tmp_path, name):
    text = f"hidden = {name!r}\n"
    (tmp_path / f"{name}.py").write_text(text)
    found = told("import site; site.ENABLE_USER_SITE = True", PYTHONPATH=str(tmp_path))
    assert found == {name: sha256(text)}
    debians = Path("/usr/lib/python3.11/sitecustomize.py")
    if debians.is_file() and startup._sha256(str(debians)) in startup._HARMLESS:
        shutil.copy(debians, tmp_path / "sitecustomize.py")
        assert "sitecustomize" not in told(PYTHONPATH=str(tmp_path))


def test_modules_that_pythonpath_leads_to_are_told_as_they_were_loaded(tmp_path):
    for name in ("pandas/__init__.py", "pandas/part.py", "idle.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("A = 1\n")
    first = told("import pandas.part", PYTHONPATH=str(tmp_path))
    assert first.keys() == {"module pandas"}
    (tmp_path / "pandas/part.py").write_text("A = 2\n")
    assert told("import pandas.part", PYTHONPATH=str(tmp_path)) != first
    assert str(tmp_path) not in json.dumps(first)


def test_libraries_that_are_loaded_before_all_others_are_told(tmp_path):
    library = tmp_path / "libother.so"
    library.write_text("none\n")  # the loader says so, and goes on
    work = f"import os; os.environ['LD_PRELOAD'] = 'libmissing.so:{library}'"
    found = told(work)
    assert found == {"LD_PRELOAD libmissing.so": "", "LD_PRELOAD libother.so": sha256("none\n")}
    assert told("import os; os.environ['PYTHONHOME'] = '/elsewhere'") == {"PYTHONHOME": ""}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Where packages are installed, with one that brings a .pth file."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "site"
    (folder / "a-1.0.dist-info").mkdir(parents=True)
    (folder / "a.pth").write_text("import a\n")
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"import a\n").digest()).decode().rstrip("=")
    (folder / "a-1.0.dist-info/RECORD").write_text(f"a.pth,sha256={digest},9\n")
    monkeypatch.setattr(sys, "path", [str(folder)])
    monkeypatch.setattr(site, "getsitepackages", lambda: [str(folder)])
    return folder


def hooks(lock):
    Path("lock").write_text(lock)
    packages.note(Path("lock"))
    return packages.packages(Path("lock"))["startup"]


def test_a_pth_file_of_a_pinned_package_is_not_told_unless_it_was_changed(place):
    assert hooks("a==1.0\n") == {}
    assert hooks("") == {"a.pth": {"sha256": sha256("import a\n"), "of": "a"}}
    (place / "a.pth").write_text("import b\n")
    (place / "c.pth").write_text("import c\n")
    (place / "c.txt").write_text("import c\n")
    assert hooks("a==1.0\n") == {
        "a.pth": {"sha256": sha256("import b\n"), "of": ""},
        "c.pth": {"sha256": sha256("import c\n"), "of": ""},
    }


def test_a_linked_environment_has_the_same_packages(place, monkeypatch):
    Path("linked").symlink_to(place)
    for paths, sites in ((["linked"], [str(place)]), ([str(place)], ["linked", str(place)])):
        monkeypatch.setattr(sys, "path", paths)
        monkeypatch.setattr(site, "getsitepackages", lambda sites=sites: sites)
        assert hooks("a==1.0\n") == {}


def test_a_job_sees_a_pth_file_that_came_after_the_runs_note(place):
    assert hooks("a==1.0\n") == {}
    (place / "late.pth").write_text("import c\n")
    assert packages.packages(Path("lock"))["startup"].keys() == {"late.pth"}


def test_environments_differ_in_words_by_what_ran():
    one = environment.current()
    other = one | {"startup": {"late.pth": {"sha256": "1" * 64, "of": ""}}}
    assert f"startup late.pth sha256 {'1' * 12}, not nothing" in environment.differences(one, other)
    assert "startup" in environment.STEADY
