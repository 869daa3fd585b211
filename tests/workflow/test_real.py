"""Real ratings by Snakemake, from tiny files in a published layout to tables."""

import json

import rating_fakes as fakes
import table_page


def test_ratings_from_anywhere_become_tables_that_name_no_place(project, tmp_path):
    place = fakes.movielens_100k(tmp_path / "somewhere" / "ml-100k", users=60, items=40)
    given = [f"movielens={place}", "real_splits=2", "real_budget=1"]
    given += ["real_methods=global_mean,hybrid"]
    table = "results/real/movielens/compared.md"
    done = project.snakemake(table, "--cores", "2", "--config", *given)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (project.folder / table).read_text(encoding="utf-8")
    assert "new user, new item" in text and "hybrid" in text
    assert not table_page.faults(table_page.written(project.folder))
    records = list((project.folder / "results/records/real").rglob("*.json"))
    assert all(str(place) not in path.read_text() for path in records)
    data = next(path for path in records if path.name == "data.safetensors.json")
    assert "given:u.data" in json.loads(data.read_text())["inputs"]
    log = (project.folder / "results/logs/real/movielens/load.log").read_text()
    assert "GroupLens" in log and "u.data: SHA-256" in log
    fakes.edit(place / "u.data", 3, "1\t1\t9\t880000000")
    done = project.snakemake(table, "--cores", "1", "--config", *given)
    assert done.returncode == 1
    assert "RatingsFileError: u.data, line 3: rating 9 is off the scale" in done.stderr
