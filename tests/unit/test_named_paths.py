"""What code and pages name by path is there: a move that is not followed fails here, by name."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from twotower.audits.crate import facts
from twotower.audits.vary.variations import VARIATIONS
from twotower.base import places
from twotower.study import reading

ROOT = Path(__file__).parents[2]
NAMING = ("scripts", "workflow", "benchmarks", "profiles", "envs")
SUFFIXES = (".py", ".smk", ".yaml", ".rst", ".md", ".toml", "")
TEXTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "Makefile", "Snakefile")),
    *(ROOT / name for name in ("config.yaml", "pyproject.toml")),
    *(ROOT / "docs").glob("*.md"),
    *(path for name in NAMING for path in (ROOT / name).rglob("*")
      if path.suffix in SUFFIXES and path.is_file() and "__pycache__" not in path.parts),
]  # fmt: skip
BELOW = ("", "scripts", "scripts/twotower", "workflow", "tests", "tests/audits", "tests/unit")
"""Folders that a path may be meant from; or that of the file which names it."""
ELSEWHERE = {
    "twotower.wing",  # any wing
    "torch/version.py",
    "scripts/twotower/towers/closed_form.py",  # of old commits, beside which a benchmark runs
    "scripts/twotower/rules.py",  # in the decisions, whose bytes are frozen: claims/rules.py today
}
_PATH = re.compile(r"(?<![\w/.*}>-])(?:\.\./)*((?:\w+/)+\w+\.(?:py|smk|yaml|in))\b")
_MODULE = re.compile(r"\btwotower(?:\.[a-z_]\w*)+")


def missing(place: Path, text: str) -> list[str]:
    """Paths and modules that a text names and that are nowhere."""
    folders = [place.parent, *(ROOT / folder for folder in BELOW)]
    paths = set(_PATH.findall(text)) - ELSEWHERE
    lost = [path for path in paths if not any((each / path).exists() for each in folders)]
    for name in set(_MODULE.findall(text)) - ELSEWHERE:
        place = ROOT / "scripts" / "twotower"
        for part in name.split(".")[1:]:
            place /= part
            if place.with_suffix(".py").is_file():
                break  # what follows is a name in the module
            if not place.is_dir():
                lost.append(name)
                break
    return sorted(lost)


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("see scripts/towers/train.py and base/files.py", []),
        ("see scripts/train.py", ["scripts/train.py"]),
        ("`twotower.towers.training.ARMS`, twotower.base", []),
        ("`twotower.training`, twotower.towers.trainer", ["twotower.towers.trainer",
                                                          "twotower.training"]),
    ],
)  # fmt: skip
def test_a_name_that_leads_nowhere_is_found(text, lost):
    assert missing(ROOT / "README.md", text) == lost


def test_every_path_and_module_that_code_or_a_page_names_is_there():
    said = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in TEXTS
        for name in missing(path, path.read_text(encoding="utf-8"))
    ]
    assert not said, "\n".join(said)


def test_the_project_is_the_folder_of_the_snakefile():
    assert ROOT.resolve() == places.PROJECT
    assert (places.PROJECT / "Snakefile").is_file()


def test_every_variation_edits_text_that_is_there():
    edits = [(path, text) for each in VARIATIONS for path, changes in each.edits.items()
             for text in changes]  # fmt: skip
    assert len(edits) > 5
    assert not [edit for edit in edits if edit[1] not in (ROOT / edit[0]).read_text("utf-8")]


@pytest.mark.parametrize("study", sorted((ROOT / "workflow/studies").glob("*.yaml")),
                         ids=lambda path: path.stem)  # fmt: skip
def test_words_that_checklists_take_from_docstrings_are_there(study):
    found = facts._words(reading.validated(reading.load_study(study), study.name), ROOT)
    assert found.keys() > {"risk", "interval"}
    assert not [name for name, words in found.items() if len(words.split()) < 5]


def test_the_benchmark_of_recording_meters_the_library(tmp_path):
    spec = importlib.util.spec_from_file_location("recording", ROOT / "benchmarks/recording.py")
    recording = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recording)
    library, costs = tmp_path / "twotower", tmp_path / "costs"
    shutil.copytree(ROOT / "scripts/twotower", library)
    recording.put_meters(library)
    work = "from twotower.records import run_records as r; print(r._bare_start, r.job_records.job)"
    told = {"PYTHONPATH": str(tmp_path), "RECORDING_COSTS": str(costs)}
    subprocess.run([sys.executable, "-c", work], env=os.environ | told, check=True)
    assert re.fullmatch(r"import [\d.e-]+ [\d.e-]+\n", costs.read_text())
