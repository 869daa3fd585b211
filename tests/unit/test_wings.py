"""The library's wings: imports run downwards only, and rooms stay small."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[2] / "scripts" / "twotower"
BELOW = {
    "base": "",
    "kernels": "",
    "theory": "",
    "data": "theory",
    "records": "",
    "study": "data theory",
    "towers": "data theory kernels",
    "methods": "data theory kernels",
    "evaluation": "data towers methods",
    "predictions": "study data theory towers methods",
    "rates": "study data theory predictions",
    "cost": "study data theory towers methods kernels predictions real",
    "lemmas": "theory towers",
    "running": "study records",
    "analyses": "rates study evaluation data theory",
    "claims": "analyses rates predictions lemmas study data theory",
    "report": "rates study evaluation data theory",
    "forecast": "rates predictions report study data theory",
    "real": "methods towers evaluation report study data",
    "diagnosis": "real cost towers report study data theory",
    "retrieval": "report data methods evaluation",
    "audits": "records running study claims",
}
"""By wing, the wings that it may import, beside itself and `base`."""
WITHIN_AUDITS = {
    "seal": "",
    "compare": "",
    "verify": "seal",
    "crate": "seal verify",
    "croissant": "crate",
    "crate_check": "crate seal",
    "rerun": "seal verify compare",
    "vary": "seal verify rerun compare",
}
"""The same within audits; modules beside these packages may import all of them."""
MODULES = sorted(LIBRARY.rglob("*.py"))


def imported(source: str, modules: set[str]) -> Iterator[tuple[int, str]]:
    """Lines and modules that a source imports of the library."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno, "a relative path"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "twotower":
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                yield node.lineno, inside if inside in modules else str(node.module)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, a.name) for a in node.names if a.name in modules)


def against(module: str, other: str) -> bool:
    """Whether a module's import of another runs against the tables."""
    here, there = module.split(".")[1:], other.split(".")[1:]
    if other == "a relative path":
        return True
    if not here or not there:  # the package itself, which pins threads before all else
        return bool(here)
    if here[0] != there[0]:
        return there[0] not in {"base", *BELOW[here[0]].split()}
    if here[0] == "audits" and here[1:2] != there[1:2] and here[1:2] and here[1] in WITHIN_AUDITS:
        return there[1:2] == [] or there[1] not in WITHIN_AUDITS[here[1]].split()
    return False


def name(path: Path) -> str:
    parts = path.relative_to(LIBRARY.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_imports_run_downwards_only():
    modules = {name(path) for path in MODULES}
    broken = [
        f"{path.relative_to(LIBRARY.parents[1])}:{line}: imports {other}"
        for path in MODULES
        for line, other in imported(path.read_text(encoding="utf-8"), modules)
        if against(name(path), other)
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from twotower.towers import training", "twotower.towers.training"),
        ("def f():\n    from twotower.towers.training import train", "twotower.towers.training"),
        ("import twotower.towers.training as t", "twotower.towers.training"),
    ],
)
def test_an_import_against_the_table_is_found(source, found):
    [(_, other)] = imported(source, {name(path) for path in MODULES})
    assert other == found
    assert against("twotower.data.ratings", other) and not against("twotower.cost.jobs", other)
    assert against("twotower.audits.seal.manifest", "twotower.audits.verify.chain")


def test_the_table_names_the_wings_and_has_no_circle():
    assert set(BELOW) == {
        path.name for path in LIBRARY.iterdir() if path.name[0] != "_" and path.is_dir()
    }
    seen: set[str] = set()
    while ready := [
        each for each in BELOW if each not in seen and set(BELOW[each].split()) <= seen
    ]:
        seen |= set(ready)
    assert seen == set(BELOW)


def test_rooms_are_small():
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {path.name: size for path, size in sizes.items() if size > 300} == {}
    rooms = Counter(path.parent for path in MODULES if path.name != "__init__.py")
    assert {path.name: count for path, count in rooms.items() if count > 14} == {}


def test_a_wing_says_what_it_is_for_and_exports_nothing():
    for path in MODULES:
        if path.name == "__init__.py" and path.parent != LIBRARY:
            [only] = ast.parse(path.read_text(encoding="utf-8")).body
            assert isinstance(only, ast.Expr) and ast.get_docstring(ast.Module([only], [])), path


def test_the_page_draws_the_table():
    page = (LIBRARY.parents[1] / "docs/architecture.md").read_text(encoding="utf-8")
    graph = page.partition("graph TD")[2].partition("```")[0]
    drawn = dict(line.strip().split(" --> ") for line in graph.splitlines() if "-->" in line)
    assert {wing: below.split(" & ") for wing, below in drawn.items()} == {
        wing: below.split() for wing, below in BELOW.items() if below
    }
    assert set(BELOW) == set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
