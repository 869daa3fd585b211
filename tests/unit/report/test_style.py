"""The look: marks that differ, and figures that are the same bytes on every run."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest

from figure_fakes import planted_approximation, planted_frames
from frozen import DECISIONS
from twotower.report import curves, experiments, slope_comparison, style
from twotower.study import arms

KINDS = ("pdf", "svg", "png")


@pytest.fixture
def figure():
    return slope_comparison.figure(planted_frames("depth")[1], None, DECISIONS)


def test_every_arm_has_a_mark_of_its_own():
    assert set(style.ARM_MARKS) == set(arms.ORDER)
    rated = [arm for arm in arms.TOWER_ARMS if arm not in arms.CLICK_ARMS]
    for together in ((*rated, arms.JOINT, arms.REFERENCE), arms.CLICK_ARMS):
        plain = [style.ARM_MARKS[arm] for arm in together]
        for feature in ("color", "marker", "linestyle"):
            assert len({getattr(mark, feature) for mark in plain}) == len(plain)
    pairs = {(mark.color, mark.marker) for mark in style.ARM_MARKS.values()}
    assert len(pairs) == len(style.ARM_MARKS)
    assert sum(mark.color == style.BLUE for mark in style.ARM_MARKS.values()) == 1  # erm stands out
    assert len({style.series_mark(position, dashes=True) for position in range(30)}) == 30


def digests(folder: Path) -> dict[str, str]:
    figures = {
        "learning.curves": curves.learning_curves(*planted_frames("off_manifold")),
        "two_storeys": experiments.experiment_figure("dust", *planted_frames("dust")),
        "approximation": experiments.experiment_figure("approximation", *planted_approximation()),
    }
    for name, fig in figures.items():
        style.save_figure(fig, folder / name)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_the_same_bytes_whatever_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    here = digests(tmp_path / "here")
    assert len(here) == 3 * len(KINDS)
    elsewhere = {
        "LC_ALL": "C",
        "TZ": "Pacific/Kiritimati",
        "PYTHONHASHSEED": "1",
        "PYTHONUTF8": "1",
        "SOURCE_DATE_EPOCH": "1",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    rc = tmp_path / "matplotlibrc"
    rc.write_text("font.size: 20\nsvg.hashsalt: other\naxes.grid: True\nsavefig.bbox: tight\n")
    code = (
        "import sys, json, pathlib, test_style;"
        "print(json.dumps(test_style.digests(pathlib.Path(sys.argv[1]))))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "there")],
        env={**os.environ, **elsewhere, "MATPLOTLIBRC": str(rc)},
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == here


def test_saving_leaves_no_trace_of_time_tool_or_temporary_name(figure, tmp_path):
    style.save_figure(figure, tmp_path / "fig")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fig.pdf", "fig.png", "fig.svg"]
    pdf = (tmp_path / "fig.pdf").read_bytes()
    assert b"CreationDate" not in pdf and b"Matplotlib" not in pdf
    assert b"/Subtype /Type3" not in pdf  # fonts are embedded as TrueType
    svg = (tmp_path / "fig.svg").read_text(encoding="utf-8")
    assert "<dc:date>" not in svg and "matplotlib.org" not in svg
    assert b"Software" not in (tmp_path / "fig.png").read_bytes()


def test_the_readers_settings_are_left_alone(figure, tmp_path):
    before = dict(matplotlib.rcParams)
    style.save_figure(figure, tmp_path / "fig")
    assert dict(matplotlib.rcParams) == before
