"""A sealed study to export, planted once; each test works in a copy of its own."""

import shutil
from pathlib import Path

import pytest

from planted_study import plant, working_in
from twotower.audits import exporting
from twotower.audits.crate import profiles
from twotower.base import places


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the planted study; not to be changed."""
    folder = tmp_path_factory.mktemp("crate") / "project"
    with working_in(folder):
        plant(folder)
    return folder


@pytest.fixture
def study(planted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the planted study, free to be changed; the test works in it."""
    folder = tmp_path / "project"
    shutil.copytree(planted, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(places, "PROJECT", folder.resolve())
    return folder


@pytest.fixture
def crate(study: Path) -> Path:
    """A crate of it."""
    exporting.export(Path("crate"))
    return study / "crate"


@pytest.fixture(scope="session")
def newer(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The planted study's crate in 0.6; not to be changed."""
    to = tmp_path_factory.mktemp("newer") / "crate"
    with working_in(planted):
        exporting.export(to, profile=profiles.PROFILES["0.6"])
    return to
