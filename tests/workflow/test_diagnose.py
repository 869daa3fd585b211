"""A diagnosis by Snakemake: of tiny ratings and clicks, and of cells with their truth."""

import csv
import json
import re
import subprocess

import numpy as np

import rating_fakes as fakes
import table_page
from twotower.study import grid, reading

TINY = ["diagnose_width=4", "diagnose_embedding_dim=1", "diagnose_steps=20"]
TINY += ["diagnose_splits=2", "diagnose_seeds=2"]


def test_ratings_become_one_screen_once(project, tmp_path):
    place = fakes.movielens_100k(tmp_path / "somewhere" / "ml-100k", users=60, items=40)
    config = ["--config", f"movielens={place}", "diagnose=movielens", *TINY]
    done = project.snakemake("diagnose", "--cores", "2", *config)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = project.folder / "results/diagnosis/movielens"
    screen = (folder / "screen.txt").read_text(encoding="utf-8")
    assert len(screen.splitlines()) < 40 and "The limit: " in screen
    assert (folder / "diagnosis.png").exists() and (folder / "report.md").exists()
    assert not table_page.faults(table_page.written(project.folder))
    records = list((project.folder / "results/records/diagnosis").rglob("*.json"))
    assert {path.name for path in records} >= {"components.csv.json", "own.safetensors.json"}
    assert all(str(place) not in path.read_text() for path in records)
    assert "inputs" in json.loads(records[0].read_text())
    again = project.snakemake("diagnose", "--cores", "2", "--dry-run", *config)
    assert "Nothing to be done" in again.stdout + again.stderr
    wider = [word.replace("width=4", "width=8") for word in config]
    more = project.snakemake("diagnose", "--dry-run", *wider)
    assert re.search(r"^fit_diagnosis +\d", more.stdout + more.stderr, re.MULTILINE)
    other = fakes.movielens_100k(tmp_path / "other", users=30, items=20)
    fakes.edit(other / "u.data", 1, "1\t1\t9\t880000000")
    command = [str(project.python), "scripts/diagnose.py", str(other)]
    refused = subprocess.run(command, cwd=project.folder, capture_output=True, encoding="utf-8")
    assert refused.returncode == 1 and "u.data" in refused.stderr
    assert refused.stdout == ""  # no time is said from the ratings that were there before


def test_a_cell_is_diagnosed_beside_its_truth(alone):
    [cell] = grid.cells(reading.read_study(str(alone.folder / "study.yaml")))
    given = ["study=study.yaml", f"diagnose={cell.id}", *TINY[3:]]
    done = alone.snakemake("diagnose", "--cores", "2", "--config", *given)
    assert done.returncode == 0, done.stdout + done.stderr
    path = alone.folder / f"results/diagnosis/{cell.id}/components.csv"
    with open(path, encoding="utf-8", newline="") as file:
        truth = {row["part"]: float(row["truth"]) for row in csv.DictReader(file)}
    assert truth["noise floor"] == 1.0 and truth["optimization"] > 0
    assert not table_page.faults(table_page.written(alone.folder))


def test_clicks_become_one_screen(project, tmp_path):
    place = fakes.clicks(tmp_path / "somewhere" / "log", users=60, items=40)
    config = ["--config", f"clicks={place}", "diagnose=clicks", *TINY]
    done = project.snakemake("diagnose", "--cores", "2", *config)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = project.folder / "results/diagnosis/clicks"
    screen = (folder / "screen.txt").read_text(encoding="utf-8")
    assert len(screen.splitlines()) < 40 and "clicks" in screen and " nats" in screen
    assert screen.index("Of what can be bought: ") < screen.index("The limit: noise floor")
    assert not table_page.faults(table_page.written(project.folder))
    records = list((project.folder / "results/records/diagnosis/clicks").rglob("*.json"))
    assert "clicks.safetensors.json" in {path.name for path in records}
    assert all(str(place) not in path.read_text() for path in records)
    again = project.snakemake("diagnose", "--cores", "2", "--dry-run", *config)
    assert "Nothing to be done" in again.stdout + again.stderr


def test_a_cell_of_clicks_is_diagnosed_beside_its_truth(project):
    project.write_study(
        sample_sizes=[64, 512],
        defaults={"sampling": "clicks", "catalogue": 32, "rank": 2},
        arms={"softmax_adam": {"steps": 3, "learning_rate": 0.01}},
    )
    cell, *_ = grid.cells(reading.read_study(str(project.folder / "study.yaml")))
    given = ["study=study.yaml", f"diagnose={cell.id}", *TINY[:2], *TINY[3:]]
    done = project.snakemake("diagnose", "--cores", "2", "--config", *given)
    assert done.returncode == 0, done.stdout + done.stderr
    path = project.folder / f"results/diagnosis/{cell.id}/components.csv"
    with open(path, encoding="utf-8", newline="") as file:
        truth = {row["part"]: float(row["truth"]) for row in csv.DictReader(file)}
    assert 1.0 < truth["noise floor"] < np.log(32) and truth["rank"] > 0
