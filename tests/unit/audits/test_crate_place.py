"""Where a crate may be written: into a new folder, and nowhere in the project's own."""

import pytest

from twotower.audits.crate import write


@pytest.mark.parametrize(
    "to",
    [".", "..", "results", "results/x", "scripts/x", "workflow", ".git/x", ".venv", "link/x"],
)
def test_no_crate_is_written_into_the_project(tmp_path, monkeypatch, to):
    (tmp_path / "project/scripts").mkdir(parents=True)
    (tmp_path / "project/link").symlink_to("scripts")
    monkeypatch.chdir(tmp_path / "project")
    with pytest.raises(write.CrateError, match="allowed: a new folder"):
        write.check_place(write.Path(to))


def test_a_crate_is_written_beside_the_results_and_elsewhere(tmp_path, monkeypatch):
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    for to in ("results-crate", "out/crate", "../crate"):
        write.check_place(write.Path(to))
