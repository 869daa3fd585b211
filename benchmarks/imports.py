"""Processor seconds that commands and jobs spend on imports: `python benchmarks/imports.py`.

For each script a process imports what the script imports, and then what one kind of job loads
later, by its settings. The figure is the median of several processes. `--against COMMIT` measures
the scripts of the same names of another commit in turn with these, from a clone in a temporary
folder. The table is for docs/benchmarks.md.
"""

import argparse
import ast
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WLS = "statsmodels.regression.linear_model"
HALTON = "scipy.stats.qmc"
LATER = {
    "check_fitter": {"": [WLS]},
    "fit_rates": {"": [WLS]},
    "table_ranking": {"": [WLS]},
    "evaluate": {
        "towers": ["twotower.evaluation.tower_risks"],
        "reference": ["twotower.evaluation.reference_risks"],
    },
    "fit_comparator": {
        "global_mean": [],
        "by identities": ["twotower.methods.identities", HALTON],
        "by covariates": ["twotower.methods.covariates", HALTON],
    },
    "fit_real": {
        "global_mean": [],
        "by identities": ["twotower.methods.identities", HALTON],
        "by covariates": ["twotower.methods.covariates", HALTON],
        "towers": ["twotower.real.towers", HALTON],
    },
}
"""By script and kind of job, what is imported once the job knows its settings."""
ELSEWHERE = {"validate_crate"}  # its packages stand in .venv-validator


def program(script: Path, later: list[str]) -> str:
    """A program that imports what a script imports; an older commit may lack what comes later."""
    tree = ast.parse(script.read_text(encoding="utf-8"))
    first = [each for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom)]
    lines = [ast.unparse(each) for each in first]
    for name in later:
        lines.append(f"try:\n    import {name}\nexcept ModuleNotFoundError:\n    pass")
    return "\n".join(lines)


def seconds(code: str, scripts: Path) -> float:
    """Processor seconds of a Python process that runs this code beside a project's scripts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"PYTHONPATH": str(scripts)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def found(scripts: Path) -> dict[str, Path]:
    """By name, the scripts of a project, in whatever folder they stand; commands first."""
    paths = [path for path in scripts.rglob("*.py") if "twotower" not in path.parts]
    return {path.stem: path for path in sorted(paths, key=lambda path: (len(path.parts), path))}


def row(name: str, kind: str, projects: list[dict[str, Path]], runs: int) -> str:
    """A line of the table: medians of each project in turn, and the ratio of two."""
    tried: list[list[float]] = [[] for _ in projects]
    programs = [program(each[name], LATER.get(name, {}).get(kind, [])) for each in projects]
    for _ in range(runs):
        for values, code, each in zip(tried, programs, projects, strict=True):
            place = each[name].parent
            values.append(seconds(code, place if place.name == "scripts" else place.parent))
    medians = [statistics.median(values) for values in tried]
    shown = projects[-1][name]
    where = "command" if shown.parent.name == "scripts" else f"job, {shown.parent.name}"
    cells = [f"`{name}`{kind and f', {kind}'}", where, *(f"{each:.2f}" for each in medians)]
    if len(medians) == 2:
        cells.append(f"{medians[1] / medians[0]:.2f}")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="scripts to measure; by default all")
    parser.add_argument("--against", metavar="COMMIT", help="measure this commit's scripts too")
    parser.add_argument("--runs", type=int, default=5, help="processes for each figure")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        roots, heads = [ROOT], ["processor seconds"]
        if given.against:
            subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
            subprocess.run(["git", "checkout", "--quiet", given.against], check=True, cwd=folder)
            roots, heads = [Path(folder), ROOT], [f"at {given.against}", "now", "now / then"]
        projects = [found(root / "scripts") for root in roots]
        bare = statistics.median(seconds("pass", ROOT / "scripts") for _ in range(given.runs))
        print(f"A bare `python -c pass`: {bare:.2f} s. Medians of {given.runs} processes.\n")
        print(f"| script | what it is | {' | '.join(heads)} |\n|{' --- |' * (2 + len(heads))}")
        for name in given.names or projects[-1]:
            if name not in ELSEWHERE and all(name in each for each in projects):
                for kind in LATER.get(name, {"": []}):
                    print(row(name, kind, projects, given.runs), flush=True)


if __name__ == "__main__":
    main()
