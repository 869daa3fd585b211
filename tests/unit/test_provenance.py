"""Digests of code: they follow what a script leads to, and nothing else."""

import shutil
from pathlib import Path

import pytest

from twotower.provenance import code_digest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def scripts(tmp_path):
    """A copy of scripts/ whose files may be edited."""
    return Path(shutil.copytree(SCRIPTS, tmp_path / "scripts"))


@pytest.fixture
def tree(tmp_path):
    """A small package: the script imports a, a imports b, c stands alone."""
    package = tmp_path / "twotower"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text("def f():\n    from twotower.b import g\n    return g()\n")
    (package / "b.py").write_text("import twotower.a\nimport numpy\n\ndef g():\n    return 1\n")
    (package / "c.py").write_text("X = 1\n")
    (tmp_path / "script.py").write_text("from twotower import a\n")
    return tmp_path


def digest(folder: Path, script: str = "script.py") -> str:
    code_digest.cache_clear()  # it reads a file once a process
    return code_digest(folder / script)


def edit(path: Path) -> None:
    path.write_text(path.read_text() + "\n# edited\n")


@pytest.mark.parametrize(
    ("module", "follows"),
    [("script", True), ("a", True), ("b", True), ("__init__", True), ("c", False)],
)
def test_follows_imports_at_any_depth_and_in_circles(tree, module, follows):
    before = digest(tree)
    path = tree / "script.py" if module == "script" else tree / "twotower" / f"{module}.py"
    edit(path)
    assert (digest(tree) != before) is follows


@pytest.mark.parametrize(
    "line", ["from twotower.c import X", "import twotower.c", "import twotower.c as d"]
)
def test_every_spelling_of_an_import_counts(tree, line):
    (tree / "script.py").write_text(f"if True:\n    {line}\n")
    before = digest(tree)
    edit(tree / "twotower" / "c.py")
    assert digest(tree) != before


def test_moving_text_between_modules_changes_the_digest(tree):
    before = digest(tree)
    a, b = (tree / "twotower" / name for name in ("a.py", "b.py"))
    first, second = a.read_text(), b.read_text()
    a.write_text(second)
    b.write_text(first)
    assert digest(tree) != before


def test_place_and_time_do_not_matter(scripts):
    assert digest(scripts, "train.py") == digest(SCRIPTS, "train.py")
    assert len(digest(scripts, "train.py")) == 16


@pytest.mark.parametrize(
    ("module", "retrains"),
    [
        ("training", True),
        ("towers", True),
        ("seeds", True),
        ("rates", False),
        ("curve_figures", False),
    ],
)
def test_editing_the_trainer_retrains_and_editing_the_fit_does_not(scripts, module, retrains):
    before = digest(scripts, "train.py")
    edit(scripts / "twotower" / f"{module}.py")
    assert (digest(scripts, "train.py") != before) is retrains


def test_every_script_has_a_digest(scripts):
    found = [digest(scripts, path.name) for path in sorted(scripts.glob("*.py"))]
    assert len(set(found)) == len(found)
