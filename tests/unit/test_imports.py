"""A process loads what its work needs: heavy packages behind each script, by its imports."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from test_wings import LIBRARY, MODULES, name

SCRIPTS = LIBRARY.parent
HEAVY = {"torch", "pandas", "scipy", "statsmodels", "sklearn", "matplotlib", "seaborn"}
HEAVY |= {"surprise", "faiss"}
LIBRARY_MODULES = {name(path): path for path in MODULES}
FOLDERS = {
    "scripts": "",
    "data": "pandas scipy",
    "towers": "pandas torch",
    "methods": "pandas",
    "evaluation": "pandas",
    "predictions": "pandas",
    "rates": "pandas scipy",
    "analyses": "pandas scipy",
    "claims": "pandas scipy",
    "real": "pandas scipy",
    "diagnosis": "pandas scipy",
    "report": "pandas scipy matplotlib seaborn",
}
"""By folder, what the scripts in it may load before they know their settings."""
MORE = {
    "audit": "pandas scipy",
    "export": "pandas",
    "plan": "torch",
    "choose_widths": "torch",
    "plan_data": "pandas scipy matplotlib seaborn",
    "publish_findings": "pandas",
    "show_results": "pandas scipy",
    "verify": "pandas",
    "write_readme": "pandas",
    "rank": "torch",
    "split_regret": "faiss",
    "fit_joint": "sklearn",
    "check_lemmas": "torch",
    "regress_slopes": "statsmodels",
    "combine_rates": "statsmodels",
    "draw_real": "matplotlib seaborn",
    "draw_diagnosis": "torch",
    "fit_diagnosis": "torch",
    "judge_diagnosis": "torch",
    "picture_diagnosis": "matplotlib seaborn",
    "score_real": "matplotlib seaborn",
}
LESS = {"fit_reference": "pandas", "generate_test_pairs": "pandas scipy", "download_real": "pandas"}
JOBS = [path for path in sorted(SCRIPTS.rglob("*.py")) if LIBRARY not in path.parents]


def at_once(nodes: list[ast.stmt]) -> Iterator[str]:
    """Names that statements import when they are run, not those in functions or for annotations."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (each if each in LIBRARY_MODULES else str(node.module) for each in inside)
        elif isinstance(node, ast.ClassDef | ast.Try) or (
            isinstance(node, ast.If) and ast.unparse(node.test) != "TYPE_CHECKING"
        ):
            yield from at_once(node.body)


@cache
def imported(path: Path) -> list[str]:
    return list(at_once(ast.parse(path.read_text(encoding="utf-8")).body))


def loaded(path: Path) -> dict[str, str]:
    """Heavy packages that a file loads, each with the modules that lead to it."""
    found, seen, waiting = {}, set(), [(path, path.stem)]
    while waiting:
        place, way = waiting.pop()
        for module in imported(place):
            package = module.split(".")[0]
            if package in HEAVY:
                found.setdefault(package, way)
            elif module in LIBRARY_MODULES and module not in seen:
                seen.add(module)
                waiting.append((LIBRARY_MODULES[module], f"{way} → {module}"))
    return found


@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.stem)
def test_a_script_loads_no_package_that_its_work_does_not_need(path):
    allowed = f"{FOLDERS[path.parent.name]} {MORE.get(path.stem, '')}".split()
    allowed = set(allowed) - set(LESS.get(path.stem, "").split())
    assert {what: way for what, way in loaded(path).items() if what not in allowed} == {}


@pytest.mark.parametrize(
    ("modules", "needed"),
    [
        ("base.files records.job_records audits.seal.manifest", ""),
        ("methods.reference data.known_pairs", ""),
        ("methods.comparators evaluation.risks", "pandas"),
        ("towers.checkpoint", "torch"),
    ],
)
def test_modules_load_no_package_by_way_of_another(modules, needed):
    """Here Python itself says what is loaded, packages that others import among it."""
    lines = [f"import twotower.{module}" for module in modules.split()]
    code = "\n".join([*lines, "import sys", f"print(*{HEAVY} & set(sys.modules))"])
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == set(needed.split())
