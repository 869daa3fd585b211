"""A study of clicks from a fresh copy: what it makes, what it says, and what verify says of it."""

import csv
import subprocess

import warm_python

import table_page
from twotower.study import arms

STUDY = {
    "sample_sizes": [64, 512],
    "certificate_replicates": 1,
    "defaults": {"sampling": "clicks", "catalogue": 32, "width": {"schedule": "fixed", "units": 4}},
    "arms": {arm: {"output_steps": 2, "joint_steps": 2} for arm in arms.CLICK_ARMS[:-1]}
    | {arms.SOFTMAX_ADAM: {"steps": 3, "learning_rate": 0.01}},
    "components": {
        "experiments": ["batch_size"],
        **{"users": 8, "items": 40, "ks": [1, 5], "dims": [1, 2]},
        **{"free_users": 4, "free_items": 20, "free_steps": 20},
        "further": [{"rank": 4, "sampling": "fresh"}],
    },
    "two_stages": {
        "experiments": ["batch_size"],
        **{"users": 4, "catalogues": [100, 200], "candidates": [5, 20], "k": 5, "budget": 1},
        "targets": 1,
    },
    "experiments": {
        "click_rate": {"title": "Rates", "vary": {"click_batch": [16]}},
        "batch_size": {
            **{"title": "B", "arms": ["softmax_batch"], "vary": {"click_batch": [8]}},
            "set": {"embedding_dim": 9},  # more than the five functions of a tower
        },
    },
}


def test_a_study_of_clicks_runs_to_its_ledger_and_is_verified(project):
    project.write_study(**STUDY)
    printed = project.run_study().stdout
    assert "10a    With the correction" in printed
    tables = table_page.written(project.folder)
    names = ("clicks", "click_curves", "components", "components_needed", "two_stages")
    assert {f"results/tables/{name}.csv" for name in names} <= set(tables)
    assert not table_page.faults(tables)
    with open(project.folder / "results/tables/clicks.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["arm"] for row in rows] == [*arms.CLICK_ARMS, "softmax_batch"]
    assert all(float(row["risk"]) > 0 for row in rows)
    with_floor = {row["arm"] for row in rows if row["floor_ratio"]}
    assert with_floor and with_floor <= set(arms.UNCORRECTED)
    done = subprocess.run(
        [warm_python.python(), "scripts/verify.py"],
        cwd=project.folder,
        capture_output=True,
        encoding="utf-8",
    )
    told = done.stdout + done.stderr
    wrong = [line for line in told.splitlines() if line.split(" ")[0].isupper() and "/" in line]
    assert not wrong, told
