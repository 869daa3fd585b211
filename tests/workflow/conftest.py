"""Copies of the project, and one finished run for all to share."""

import shutil
from pathlib import Path

import pytest
from copies import ALONE, Project, fresh_copy

from twotower.audits.vary import variations, varied_runs


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A fresh copy of the project."""
    return fresh_copy(tmp_path / "project")


@pytest.fixture(scope="session")
def finished_run(once) -> tuple[Project, str]:
    """The micro study run to its end, and what Snakemake printed; not to be changed."""
    folder, printed = once("finished", lambda folder: fresh_copy(folder).run_study().stdout)
    return Project(folder), printed


@pytest.fixture(scope="session")
def finished(finished_run) -> Project:
    """The micro study run to its end; not to be changed."""
    return finished_run[0]


@pytest.fixture
def finished_copy(finished: Project, tmp_path: Path) -> Project:
    """The finished run in another folder with its times and records, free to be changed."""
    shutil.copytree(finished.folder, tmp_path / "copy")
    return Project(tmp_path / "copy")


@pytest.fixture
def elsewhere(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The files that the finished run began with, in an odd folder with its own environment."""
    folder = tmp_path_factory.mktemp("elsewhere") / variations.ODD_FOLDER
    project = fresh_copy(folder, finished.folder)
    project.python = varied_runs.own_environment(folder)
    return project


@pytest.fixture
def alone(project: Project) -> Project:
    """A fresh copy with the first cell of the micro study as its only one."""
    project.write_study(**ALONE)
    return project
