"""Publishing: every risk is kept; predictions made before a run are never replaced."""

import math
import shutil

import pandas as pd
import pytest

from git_fakes import made, no_settings, run
from twotower.audits import publishing
from twotower.audits.verify.findings import Verification
from twotower.base import files, places
from twotower.records import run_records

PREDICTED = pd.DataFrame({"cell": ["a", "b"], "predicted_risk": [0.123456789, 2e-7]})


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A finished study in a clone: ledger, predictions, and risks of two experiments."""
    no_settings(tmp_path, monkeypatch)
    place = made(tmp_path / "project")
    monkeypatch.chdir(place)
    monkeypatch.setattr(places, "PROJECT", place)
    (place / "results/figures").mkdir(parents=True)
    (place / "results/figures/curve.png").write_bytes(b"png")
    (place / "results/figures/curve.svg").write_bytes(b"svg")
    ledger = pd.DataFrame({"claim": ["1"]})
    files.write_csv(ledger, place / "results/tables/claims.csv")
    started()
    # tests/crate/test_findings.py has a study whose records are whole
    monkeypatch.setattr(publishing.verification, "verify", lambda: Verification())
    files.write_csv(ledger, place / "results/tables/losses.csv")
    files.write_csv(PREDICTED, place / "results/tables/predictions.csv")
    for name, table in risk_tables().items():
        files.write_csv(table, place / f"results/rates/{name}/risks.csv")
    return place


def started(**changes):
    study = {"file": "study.yaml", "given": {}, "content": {}, "settings": {}}
    return run_records.start(study | changes, [])


def risk_tables() -> dict[str, pd.DataFrame]:
    keys = pd.DataFrame(
        [("late", "c", "erm", "used", 512, replicate) for replicate in (10, 2)],
        columns=publishing.RISK_KEYS,
    )
    late = keys.assign(risk=[1 / 3, 0.5], seen_risk=0.1, predicted_risk=[math.nan, 2 / 3])
    early = keys.assign(experiment="early", risk=1e-9 / 3)
    return {"late": late, "early": early}


def test_risks_are_joined_sorted_and_rounded_to_six_digits():
    joined = publishing.risks(list(risk_tables().values()))
    assert list(joined.columns) == [*publishing.RISK_KEYS, *publishing.RISK_VALUES]
    assert joined["experiment"].tolist() == ["early", "early", "late", "late"]
    assert joined["replicate"].tolist() == [2, 10, 2, 10]
    assert joined["risk"].tolist() == [3.33333e-10, 3.33333e-10, 0.5, 0.333333]
    assert joined["predicted_risk"].fillna(-1).tolist() == [-1, -1, 0.666667, -1]


def test_a_study_is_published_in_the_folder_of_its_name(project, monkeypatch):
    study = type("Study", (), {"name": "small"})
    monkeypatch.setattr(publishing.reading, "read_study", lambda path: study)
    folder = publishing.publish("study.yaml")
    assert folder == publishing.FINDINGS / "small"
    written = sorted(path.relative_to(folder).as_posix() for path in files.below(folder))
    assert written == ["PROVENANCE.md", "figures/curve.png", "predictions.csv",
                       "tables/claims.csv", "tables/risks.csv"]  # fmt: skip
    assert publishing.publish("study.yaml") == folder  # again


def test_rates_over_hidden_units_are_published_whatever_their_experiments_are_called(project):
    ratings = pd.DataFrame({"experiment": ["approximation"], "n_max": [512], "slope": [-0.5]})
    units = pd.DataFrame({"experiment": ["narrow"], "units_max": [8], "slope": [-1 / 3]})
    wide = units.assign(experiment="wide")
    for table in (ratings, units, wide):
        files.write_csv(table, project / f"results/rates/{table['experiment'][0]}/rates.csv")
    published = publishing.publish("study.yaml", project / "new") / "tables/approximation.csv"
    assert published.read_text() == (
        "experiment,units_max,slope\nnarrow,8,-0.3333333333\nwide,8,-0.3333333333\n"
    )


def test_the_note_names_the_commit_of_the_run_not_a_later_one(project):
    ran = run(project, "rev-parse", "HEAD")
    run(project, "commit", "-q", "--allow-empty", "-m", "later")
    note = (publishing.publish("study.yaml", project / "new") / publishing.NOTE).read_text()
    assert f"- commit: `{ran}`" in note and "- not sealed" in note


def test_results_of_another_study_or_of_uncommitted_code_are_refused(project):
    with pytest.raises(publishing.PublishError, match="of another study, study.yaml: run `make ST"):
        publishing.publish("other.yaml", project / "new")
    shutil.rmtree(run_records.RUNS)
    (project / "scripts/a.py").write_text("2\n")
    started()
    with pytest.raises(publishing.PublishError, match="recorded changes that no commit holds, res"):
        publishing.publish("study.yaml", project / "new")
    shutil.rmtree(run_records.RUNS)
    with pytest.raises(publishing.PublishError, match="results/records/runs holds no valid record"):
        publishing.publish("study.yaml", project / "new")
    (project / ".git").rename(project / "elsewhere")
    started()
    with pytest.raises(publishing.PublishError, match="recorded no commit; findings name the comm"):
        publishing.publish("study.yaml", project / "new")
    assert not (project / "new").exists()


def test_predictions_made_before_the_run_are_kept_byte_by_byte(project):
    kept = project / "new/predictions.csv"
    kept.parent.mkdir()
    rounded = PREDICTED.assign(predicted_risk=PREDICTED["predicted_risk"] * (1 + 5e-10))
    kept.write_text(rounded.to_csv(index=False))
    before = kept.read_bytes()
    publishing.publish("study.yaml", project / "new")
    assert kept.read_bytes() == before
    assert (project / "new/tables/claims.csv").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.assign(predicted_risk=frame["predicted_risk"] * (1 + 3e-6)),
        lambda frame: frame.assign(cell=["a", "c"]),
        lambda frame: frame.iloc[:1],
        lambda frame: frame.rename(columns={"cell": "run"}),
    ],
    ids=["a number", "a name", "a row", "a column"],
)
def test_a_run_of_other_predictions_than_those_published_is_refused(project, change):
    folder = project / "new"
    (folder / "tables").mkdir(parents=True)
    (folder / "tables/old.csv").write_text("old")
    (folder / publishing.NOTE).write_text("")
    files.write_csv(change(PREDICTED), folder / "predictions.csv")
    before = (folder / "predictions.csv").read_bytes()
    with pytest.raises(publishing.PublishError, match="predictions are never replaced"):
        publishing.publish("study.yaml", folder)
    assert (folder / "predictions.csv").read_bytes() == before
    assert (folder / "tables/old.csv").exists()


def test_the_name_of_a_study_that_is_faulty_is_not_guessed(project):
    (project / "study.yaml").write_text("name: ../elsewhere\n")
    with pytest.raises(publishing.reading.StudyError):
        publishing.publish("study.yaml")
