"""A small sealed study, planted in a copy of the project: real rules, code and data, no real fits.

All jobs of a study of one cell. Everything that the export reads of them is known here.
"""

import csv
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import yaml

from twotower.audits.seal import manifest, sealed_files
from twotower.audits.verify import verification
from twotower.base import files, places, tensors
from twotower.data import certificate, ratings, targets
from twotower.records import (
    code_digest,
    environment,
    job_records,
    run_records,
    workflow_rules,
)
from twotower.study import decisions, grid, reading
from twotower.study.jobs import job_inputs, job_settings
from twotower.study.jobs.job_list import JobList

ROOT = Path(__file__).parents[2]
PARTS = ["Snakefile", "Makefile", "config.yaml", "pyproject.toml", "README.md", "LICENSE",
         "CITATION.cff", "scripts", "workflow", "envs", "profiles", "docs"]  # fmt: skip
RAW = {
    "name": "planted",
    "seed": 7,
    "replicates": 3,
    "sample_sizes": [64, 128],
    "test_pairs": 256,
    "certificate_sizes": [64],
    "defaults": {"smoothness": float("inf"), "noise_sd": 0.0},  # which JSON cannot hold
    "arms": {"adam": {"steps": 5}},
    "experiments": {  # of the same cell, and not in the order of the alphabet
        "two": {"title": "Two", "set": {"rank": 2}},
        "one": {"title": "One", "vary": {"rank": [2]}},
    },
}
STUDY = reading.validated(RAW, "study.yaml")
CELL, RUN = grid.cells(STUDY)[0], grid.runs(STUDY)[0]
DECISIONS = "workflow/decisions.yaml"
COMMITTED = "2026-01-02T03:04:05+00:00"

DATA = f"results/data/{CELL.data_id}"
RATINGS, TEST = f"{DATA}/ratings.safetensors", f"{DATA}/test.safetensors"
WEIGHTS = f"results/runs/{RUN.id}/0.safetensors"
LOSSES = f"results/runs/{RUN.id}/0.losses.csv"
SECONDS = f"results/benchmarks/train/{RUN.id}-0.seconds.csv"
RISKS = f"results/risks/{RUN.id}.csv"
CLAIMS = "results/tables/claims.csv"
FIGURES = [f"results/figures/one.{suffix}" for suffix in ("pdf", "png", "svg")]
TIMED = f"results/benchmarks/train/{RUN.id}-0.tsv"
LISTED, RULES = JobList(STUDY), workflow_rules.read(ROOT)
JOBS = len(list(LISTED))
"""How many jobs the study has."""
REAL = ["results/real/movielens/data.csv", "results/real/movielens/data.safetensors"]
"""Outputs of a further job, of a run on ratings of others."""
COUNTED = "n_ratings,start,replicate\n" + "".join(
    f"{n},used,{replicate}\n" for n in CELL.sample_sizes for replicate in range(STUDY.replicates)
)
"""A row for each size and replicate."""


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Work in a folder, made if it is not there, as in a project."""
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(places, "PROJECT", folder.resolve())
        yield


def plant(folder: Path, real: bool = False) -> None:
    """Write project, results, records and seal; the folder is the one that one works in.

    Args:
        real: whether ratings of others were read too.
    """
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(
                ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "findings")
            )
        else:
            shutil.copy2(ROOT / part, folder / part)
    (folder / "study.yaml").write_text(yaml.safe_dump(RAW, sort_keys=False), encoding="utf-8")
    (folder / ".gitignore").write_text("results/\n", encoding="ascii")
    _commit(folder)
    given = {"file": "study.yaml", "given": {}, "content": RAW, "settings": STUDY.model_dump()}
    rules = {"label": decisions.load(DECISIONS).label, "sha256": files.sha256(DECISIONS)}
    run = run_records.start(given, [], ["movielens"] if real else [], decisions=rules)
    used = environment.save(environment.current())
    waiting = list(LISTED)
    while waiting:  # a job is made after those whose outputs it reads
        rule, wildcards = waiting.pop(0)
        inputs = sorted(job_inputs.paths(job_inputs.of(LISTED, rule, wildcards)))
        if all(Path(path).exists() for path in inputs):
            settings = job_settings.of(LISTED, rule, wildcards, "study.yaml")
            _make(rule, settings, inputs, RULES[rule].paths(wildcards), used)
        else:
            waiting.append((rule, wildcards))
    if real:
        _make("load_real", {}, ["given:u.data"], REAL, used)
    _seal(run)


def _make(rule: str, settings: dict, inputs: list[str], outputs: list[str], used: str) -> None:
    for path in outputs:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(f"planted {path}\n", encoding="ascii")
    spec, count = CELL.data_spec, max(CELL.sample_sizes)
    drawn = {r: targets.draw_target(STUDY.seed, spec, r) for r in range(STUDY.replicates)}
    match rule:
        case "generate_data":
            columns = ratings.draw_training(STUDY.seed, spec, drawn, count)
            covariates = {tower: columns[f"{tower}_covariates"] for tower in targets.TOWERS}
            checks = certificate.certificate(spec, [*drawn.values()], covariates, count)
            files.write_csv(checks, f"{DATA}/certificate.csv")
            tensors.write(RATINGS, columns)
            told = ratings.target_tensors([*drawn.values()])
            tensors.write(f"{DATA}/targets.safetensors", told)
        case "generate_test_pairs":
            test = ratings.draw_test(STUDY.seed, spec, drawn, STUDY.test_pairs, count)
            tensors.write(TEST, test)
        case "train":
            bounds = {f"{n:09}/used/bound": np.ones(STUDY.replicates) for n in CELL.sample_sizes}
            bounds |= {f"{n:09}/doubled/bound": np.ones(1) for n in CELL.sample_sizes}
            tensors.write(WEIGHTS, bounds)
            starts = [("used", 5), ("doubled", 10)]
            rows = [
                f"{n},{start},{replicate},{steps}\n"
                for n in CELL.sample_sizes
                for start, steps in starts
                for replicate in range(STUDY.replicates)
            ]
            text = "".join(["n_ratings,start,replicate,steps\n", *rows])
            Path(LOSSES).write_text(text, encoding="ascii")
            Path(TIMED).write_text("s\tmax_rss\tcpu_time\n12.5\t100.25\tNA\n", encoding="ascii")
        case "evaluate":
            Path(RISKS).write_text(COUNTED, encoding="ascii")
        case "fit_rates":
            name = settings["experiment"]
            of_fit = f"{name},{CELL.id},{RUN.arm},{CELL.data_id}"
            header, *rows = COUNTED.splitlines()
            lines = [f"experiment,cell,arm,data,{header}", *(f"{of_fit},{row}" for row in rows)]
            Path(f"results/rates/{name}/risks.csv").write_text("\n".join(lines) + "\n")
        case "claims":
            first, *others = (claim.id for claim in decisions.load(DECISIONS).claims)
            rows = [f"{claim},not tested in this study,\n" for claim in others]
            text = "".join(["claim,verdict,command\n", f"{first},holds,snakemake\n", *rows])
            Path(CLAIMS).write_text(text, encoding="ascii")
        case "index":
            row = {"study": STUDY.name, "run": RUN.id, "arm": RUN.arm} | CELL.columns()
            row |= {
                "cell_settings": json.dumps(CELL.spec),
                "arm_settings": json.dumps(RUN.settings),
            }
            with open(outputs[0], "w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, row, lineterminator="\n")
                writer.writeheader()
                writer.writerow(row)
    scripts, script = Path("scripts").resolve(), RULES[rule].script.removeprefix("scripts/")
    about = {
        "rule": rule,
        "code": code_digest.code_digest(scripts, script),
        "bookkeeping": code_digest.bookkeeping_digest(scripts, script),
        "settings": job_records.settings_digest(settings),
        "inputs": {path: _hash(path) for path in inputs},
        "outputs": outputs,
        "environment": used,
    }
    for path in outputs:
        job_records.write(path, about)


def _hash(path: str) -> str:
    return "0" * 64 if path.startswith("given:") else files.sha256(path)


def _seal(run: str) -> None:
    about = {"file": "study.yaml", "settings": run_records.study_digest(STUDY.model_dump())}
    sealed = manifest.build(".", about | {"run": run})
    sealed_files.MANIFEST.parent.mkdir(parents=True)
    sealed_files.MANIFEST.write_text(sealed.text(), encoding="ascii")
    found = verification.verify(".")
    assert not found.failed, (found.wrong(), found.faults)


def _commit(folder: Path) -> None:
    who = {f"GIT_{role}_{what}": "planter" for role in ("AUTHOR", "COMMITTER")
           for what in ("NAME", "EMAIL")}  # fmt: skip
    when = {"GIT_AUTHOR_DATE": COMMITTED, "GIT_COMMITTER_DATE": COMMITTED}
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "planted"]):
        subprocess.run(["git", *command], cwd=folder, env=os.environ | who | when, check=True)
