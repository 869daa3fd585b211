"""What a finished study's files say of it that checklists ask for: runs, ranges, times, machines.

Every number is counted from the study's validated values, its records, its timing files and its
tables; the words on methods are the project's own docstrings.
"""

import ast
import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twotower.audits.crate.story import Story
from twotower.base import identity
from twotower.records import packages
from twotower.study import decisions, grid
from twotower.study.schema import Study

LOCK = Path("envs/requirements.txt")
CLAIMS = Path("results/tables/claims.csv")
REAL = "fit_real"
TRAINED = ("train", "fit_reference", "fit_joint", "fit_comparator", REAL)
"""Rules that fit something to ratings."""


@dataclass
class Timing:
    """What jobs took: how many there were, how many were timed, their seconds and megabytes."""

    jobs: int = 0
    timed: int = 0
    seconds: float = 0.0
    megabytes: float = 0.0

    def add(self, usage: dict[str, float]) -> None:
        """Count a job."""
        self.jobs += 1
        self.timed += "seconds" in usage
        self.seconds += usage.get("seconds", 0.0)
        self.megabytes = max(self.megabytes, usage.get("megabytes", 0.0))


@dataclass(frozen=True)
class Facts:
    """The facts of a study.

    Attributes:
        story: files, jobs and environments.
        study: its validated values.
        run: the record of the run that made it.
        cells, data_sets: how many there are.
        varied: by setting of a cell, its values in this study, as canonical JSON.
        fits: by arm, how many fits there are: one for each cell, size and replicate.
        by_rule, by_arm: what their jobs took.
        environments: by digest, how many jobs ran in it.
        real: sources of real ratings, and files of them that the run was given.
        claims: rows of the ledger.
        rules: the frozen decisions.
        pins: how many packages the lock pins.
        words: paragraphs of docstrings: `interval`, `risk`, and one for each arm.
    """

    story: Story
    study: Study
    run: dict
    cells: int
    data_sets: int
    varied: dict[str, list[str]]
    fits: dict[str, int]
    by_rule: dict[str, Timing]
    by_arm: dict[str, Timing]
    environments: dict[str, int]
    real: list[str]
    claims: list[dict[str, str]]
    rules: Any
    pins: int
    words: dict[str, str] = field(default_factory=dict)

    def held(self, kind: str) -> tuple[int, int, bool]:
        """Number and bytes of the files of a kind, and whether all are in the crate."""
        found = [held for held in self.story.files.values() if held.kind == kind]
        return len(found), sum(each.bytes for each in found), all(each.is_here for each in found)


def gather(story: Story, study: Study, run: dict, project: Path) -> Facts:
    """The facts of a study whose records and tables lie in this folder; of what ran of it."""
    ran = {
        part for job in story.jobs for each in job.wildcards.values() for part in each.split("-")
    }
    runs = [each for each in grid.runs(study) if each.id in ran]
    cells = [each for each in grid.cells(study) if each.data_id in ran]
    real = {path for job in story.jobs for path in job.inputs if path.startswith("given:")}
    real |= {job.wildcards["source"] for job in story.jobs if job.rule == "load_real"}
    environments: dict[str, int] = {}
    for job in story.jobs:
        environments[job.environment] = environments.get(job.environment, 0) + 1
    return Facts(
        story=story,
        study=study,
        run=run,
        cells=len(cells),
        data_sets=len({cell.data_id for cell in cells}),
        varied=_varied([cell.spec for cell in cells]),
        fits=_fits(study, cells, runs),
        by_rule=_timed((job.rule, job.usage) for job in story.jobs),
        by_arm=_timed(_by_arm(story)),
        environments=environments,
        real=sorted(real),
        claims=_rows(CLAIMS),
        rules=decisions.load(project / "workflow/decisions.yaml"),
        pins=len(packages.pins(project / LOCK)),
        words=_words(study, project),
    )


def _varied(specs: list[dict[str, Any]]) -> dict[str, list[str]]:
    """By setting, its values, in the order in which the study has them."""
    found: dict[str, dict[str, None]] = {}
    for key in sorted({key for spec in specs for key in spec}):
        texts = (identity.canonical_json(spec.get(key)) for spec in specs)
        found[key] = dict.fromkeys(texts)
    return {key: list(values) for key, values in found.items()}


def _fits(study: Study, cells: list[grid.Cell], runs: list[grid.Run]) -> dict[str, int]:
    found: dict[str, int] = {}
    for run in runs:
        count = len(run.cell.sample_sizes) * study.replicates
        found[run.arm] = found.get(run.arm, 0) + count
    sizes: dict[str, set[int]] = {}
    for cell in cells:
        if cell.has_reference:
            sizes.setdefault(cell.data_id, set()).update(cell.sample_sizes)
    if sizes:
        found["reference"] = sum(map(len, sizes.values())) * study.replicates
    return found


def _by_arm(story: Story) -> Iterable[tuple[str, dict[str, float]]]:
    for job in story.jobs:
        known = story.settings.get(job.wildcards.get("run", ""), {})
        if job.rule == REAL:
            yield f"{job.wildcards.get('method')} on real ratings", job.usage
        elif job.rule in TRAINED:
            yield known.get("arm", job.rule.removeprefix("fit_")), job.usage


def _timed(jobs: Iterable[tuple[str, dict[str, float]]]) -> dict[str, Timing]:
    found: dict[str, Timing] = {}
    for name, usage in jobs:
        found.setdefault(name, Timing()).add(usage)
    return found


def _words(study: Study, project: Path) -> dict[str, str]:
    library = project / "scripts" / "twotower"
    found = {arm: _first(type(settings).__doc__ or "") for arm, settings in study.arms.items()}
    found["risk"] = _first(_docstring(library / "evaluation" / "risks.py"))
    paragraphs = _docstring(library / "rates" / "slopes.py").split("\n\n")
    chosen = [each for each in paragraphs if each.startswith("Interval:")]
    found["interval"] = " ".join(chosen[0].split())
    return found


def _docstring(module: Path) -> str:
    return ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""


def _first(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split())


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
