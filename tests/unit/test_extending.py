"""docs/extending.md: twelve everyday changes, and every file and name that it sends a reader to."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "scripts/twotower"
WINGS = {path.name for path in LIBRARY.iterdir() if path.is_dir()}
PAGE = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
CHANGES = (
    "an optimizer", "a target", "an arm", "a figure", "a claim", "a dataset", "a method",
    "a width schedule", "a study key", "a check of verify", "a column of rates",
    "the memory of a rule",
)  # fmt: skip
FILE = r"(?!results/)[\w.-]+/[\w./-]*|[A-Z]+\.md"
NAMED = set(re.findall(rf"`({FILE}): ([^`]+)`", PAGE))
"""Pairs of a path and a name in it."""
PATHS = {path for path, _ in NAMED} | set(re.findall(rf"`({FILE})`", PAGE))


def place(path: str) -> Path:
    """The file that a path of the page means: one that begins with a wing is of the library."""
    return (LIBRARY if path.split("/")[0] in WINGS else ROOT) / path


def names(path: Path) -> set[str]:
    """What a file defines: names of Python, with those of classes, rules, keys, or headings."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return set(re.findall(r"^#+ (.+)$", text, re.MULTILINE))
    if path.suffix == ".smk":
        return set(re.findall(r"^(?:rule |def )?(\w+)(?: = |\(|:$)", text, re.MULTILINE))
    if path.suffix == ".yaml":
        return set(re.findall(r"^(\w+):", text, re.MULTILINE))
    found = set()
    for node in ast.parse(text).body:
        own = _bound(node)
        found |= own
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{inner}" for part in node.body for inner in _bound(part)}
    return found


def _bound(node: ast.stmt) -> set[str]:
    """Names that a statement defines."""
    if isinstance(node, ast.Assign):
        return {ast.unparse(target) for target in node.targets}
    if isinstance(node, ast.AnnAssign):
        return {ast.unparse(node.target)}
    return {node.name} if hasattr(node, "name") else set()


def test_all_twelve_stand_there_each_with_the_file_where_it_begins():
    rows = re.findall(r"^\| \[(.+?)\]\(#([\w-]+)\).*? \| `(.+?): \w+` \|$", PAGE, re.MULTILINE)
    assert tuple(change for change, *_ in rows) == CHANGES
    parts = re.split(r"^## (.+)\n", PAGE, flags=re.MULTILINE)[1:]
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    assert [heading.lower() for heading in sections] == list(CHANGES)
    for change, anchor, begins in rows:
        assert anchor == change.replace(" ", "-")
        assert f"`{begins}" in sections[change[0].upper() + change[1:]], change


@pytest.mark.parametrize("path", sorted(PATHS))
def test_every_file_that_the_page_names_is_there(path):
    assert place(path).exists(), f"docs/extending.md: there is no {path}"


@pytest.mark.parametrize(("path", "name"), sorted(NAMED))
def test_every_name_that_the_page_names_is_defined_there(path, name):
    assert name in names(place(path)), f"docs/extending.md: {path} does not define {name}"


def test_names_are_found_in_every_kind_of_file():
    assert len(NAMED) > 60 and len(PATHS) > 60
    assert {"Cell", "Cell.columns", "PLAIN"} <= names(LIBRARY / "study/grid.py")
    assert {"train", "fit_joint"} <= names(ROOT / "workflow/rules/train.smk")
    assert "columns" not in names(LIBRARY / "study/grid.py")
