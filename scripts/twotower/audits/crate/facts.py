"""Facts that checklists ask for, counted from a study's files: runs, ranges, times, machines.

Every number is counted from the study's validated values, its records, its timing files and its
tables; the words on methods are the project's own docstrings.
"""

import ast
import csv
import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twotower.audits.crate import counted
from twotower.audits.crate.counted import Counted
from twotower.audits.crate.story import Story
from twotower.base import commands, identity
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
        asked: what the run was asked for, and how much of the study there is, in words.
        cells, data_sets: how many there are.
        varied: by setting of a cell, its values in this study, as canonical JSON.
        counted: how much there is of fits, replicates, sizes and pairs.
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
    asked: str
    cells: int
    data_sets: int
    varied: dict[str, list[str]]
    counted: Counted
    by_rule: dict[str, Timing]
    by_arm: dict[str, Timing]
    environments: dict[str, int]
    real: list[str]
    claims: list[dict[str, str]]
    rules: Any
    pins: int
    words: dict[str, str] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """What makes the study's results anew, or those that the run was asked for."""
        told, targets = self.run["study"], self.run["targets"]
        given = [commands.config(key, value) for key, value in sorted(told["given"].items())]
        if given or targets:
            words = [*targets, "--config", commands.config("study", told["file"]), *given]
            return f".venv/bin/snakemake {shlex.join(words)}"
        return commands.make(STUDY=told["file"])

    @property
    def seed(self) -> str:
        """The seed and what it does, in words."""
        return (
            f"Seed {self.study.seed}: it keys every random stream together with what the stream is "
            "for, so that no number depends on the order of jobs."
        )

    @property
    def whole(self) -> Timing:
        """What all jobs took."""
        return _timed(("", job.usage) for job in self.story.jobs).get("", Timing())

    @property
    def is_timed(self) -> bool:
        """Whether any job was timed."""
        return self.whole.timed > 0

    @property
    def real_fits(self) -> int:
        """How many jobs fitted real ratings."""
        return self.by_rule.get(REAL, Timing()).jobs

    @property
    def fixed(self) -> list[tuple[str, str]]:
        """The settings that have one value in this study, with it."""
        return [(key, values[0]) for key, values in self.varied.items() if len(values) == 1]

    @property
    def tuned(self) -> dict[str, int]:
        """By arm that is tuned, how many settings it tries."""
        arms = self.study.arms.items()
        return {arm: settings.budget for arm, settings in arms if hasattr(settings, "budget")}

    @property
    def hashed(self) -> int:
        """How many packages have a hash of their wheel, in the environment that has most."""
        found = self.story.environments.values()
        return max((len(each["packages"]) for each in found), default=0)

    @property
    def verdicts(self) -> list[tuple[str, int]]:
        """How many claims came out in each way, by verdict."""
        return sorted(Counter(row.get("verdict") or "not tested" for row in self.claims).items())

    def scripts(self, rules: Iterable[str]) -> list[str]:
        """The scripts of those of some rules that ran, by rule."""
        ran = sorted({job.rule for job in self.story.jobs} & set(rules))
        return [self.story.rules[rule].script for rule in ran if rule in self.story.rules]

    def held(self, kind: str) -> tuple[int, int, bool]:
        """Number and bytes of the files of a kind, and whether all are in the crate."""
        found = [held for held in self.story.files.values() if held.kind == kind]
        return len(found), sum(each.bytes for each in found), all(each.is_here for each in found)


def gather(story: Story, study: Study, run: dict, asked: str, project: Path) -> Facts:
    """The facts of a study whose records and tables lie in this folder; of what ran of it.

    Args:
        asked: `run` of its verification.
    """
    ran = {
        part for job in story.jobs for each in job.wildcards.values() for part in each.split("-")
    }
    cells = [each for each in grid.cells(study) if each.data_id in ran]
    real = {path for job in story.jobs for path in job.inputs if path.startswith("given:")}
    real |= {job.wildcards["source"] for job in story.jobs if job.rule == "load_real"}
    return Facts(
        story=story,
        study=study,
        run=run,
        asked=asked,
        cells=len(cells),
        data_sets=len({cell.data_id for cell in cells}),
        varied=_varied([cell.spec for cell in cells]),
        counted=counted.count(story.jobs, story.settings),
        by_rule=_timed((job.rule, job.usage) for job in story.jobs),
        by_arm=_timed(_by_arm(story)),
        environments=Counter(job.environment for job in story.jobs),
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


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
