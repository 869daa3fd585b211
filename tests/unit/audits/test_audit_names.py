"""Names out of hostile records: none becomes an option, nor a path that leads out of results/."""

import os
from types import SimpleNamespace

import pytest

from twotower.audits.rerun import audit
from twotower.audits.rerun import clone as audit_clone
from twotower.audits.rerun import names as audit_names
from twotower.audits.rerun import run as audit_rerun
from twotower.audits.rerun.clone import Clone
from twotower.audits.rerun.options import Asked
from twotower.audits.verify.evidence import gather
from twotower.base import files
from twotower.records import job_records
from twotower.records.job_graph import JobGraph, RecordedJob

RUN = {
    "study": {"file": "workflow/studies/tiny.yaml", "given": {"seed": 2}, "settings": "s"},
    "commit": "a" * 40,
    "diff": None,
    "targets": ["smoothness", "results/tables/rates.csv"],
}
RULES = 'rule train:\n    output:\n        "results/runs/{x}",\n    script:\n        "../../x.py"\n'


def job(name, rule="train", inputs=()):
    return RecordedJob(name, {"rule": rule, "inputs": dict(inputs), "outputs": [name]})


@pytest.fixture
def clone(tmp_path):
    rules = tmp_path / "clone/workflow/rules"
    rules.mkdir(parents=True)
    (rules / "train.smk").write_text(RULES)
    return Clone(tmp_path / "clone", tmp_path / "python", reused=True)


@pytest.fixture
def commands(monkeypatch):
    """The commands that would have been run."""
    found = []

    def run(command, **options):
        found.append(command)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(audit_clone.subprocess, "run", run)
    return found


def rerun(clone, jobs, folder):
    whole = JobGraph({each.name: each for each in jobs})
    log = folder / "rerun.log"
    evidence = gather(folder, folder, None)
    return audit_rerun.alone(clone, RUN, jobs, whole, evidence, folder / "work", log)


@pytest.mark.parametrize(
    "rule", ["+", "--snakefile=results/evil.smk", "-s", "", "unheard_of", "train\n"]
)
def test_a_rule_that_the_commit_does_not_have_reaches_no_command(clone, commands, tmp_path, rule):
    jobs = [job("results/runs/a"), job("results/runs/b", rule)]
    places, impossible = rerun(clone, jobs, tmp_path)
    assert list(places) == ["results/runs/a"]
    assert "the recorded commit has no rule" in impossible["results/runs/b"]
    (command,) = commands
    allowed = command[command.index("--allowed-rules") + 1 : command.index("--config")]
    assert allowed == ["train"]
    assert command[command.index("--") + 1 :] == ["results/runs/a"]


@pytest.mark.parametrize(
    "change",
    [
        {"targets": ["--snakefile=results/evil.smk"]},
        {"targets": ["results/../Snakefile"]},
        {"targets": ["/etc/passwd"]},
        {"study": RUN["study"] | {"given": {"--snakefile": "x"}}},
    ],
)
def test_a_run_that_asks_for_options_or_places_elsewhere_is_refused(change):
    audit_names.check_run(RUN)
    with pytest.raises(audit_names.NamesError, match="nothing is run"):
        audit_names.check_run(RUN | change)


@pytest.mark.parametrize(
    "path", ["results/L/../../secret", "/etc/passwd", "../x", "--snakefile=x", "results/a\n"]
)
def test_a_record_that_leads_out_of_its_folder_is_none(tmp_path, monkeypatch, path):
    """By `results/L/../…`, with L a link, a copy landed wherever the record wanted it."""
    monkeypatch.chdir(tmp_path)
    recorded_file(tmp_path, "results/runs/a")
    made_from = {"rule": "train", "code": "", "settings": "", "inputs": {}}
    made_from["outputs"] = ["results/runs/a"]
    job_records.write("results/runs/a", made_from | {"inputs": {"results/data/a": "0" * 64}})
    assert job_records.read("results/runs/a")
    job_records.write("results/runs/a", made_from | {"inputs": {path: "0" * 64}})
    assert job_records.read("results/runs/a") is None
    job_records.write("results/runs/a", made_from | {"outputs": ["results/runs/a", path]})
    assert job_records.read("results/runs/a") is None


@pytest.mark.parametrize("link", ["results-audit", "results-audit/rerun"])
def test_where_an_audit_writes_must_be_no_link(tmp_path, link):
    (tmp_path / "else/rerun").mkdir(parents=True)
    precious = tmp_path / "else/rerun/mine.txt"
    precious.write_text("precious")
    (tmp_path / link).parent.mkdir(exist_ok=True)
    (tmp_path / link).symlink_to(tmp_path / "else", target_is_directory=True)
    with (
        pytest.raises(audit_names.NamesError, match="remove the link"),
        audit._workplace(Asked(tmp_path)),
    ):
        pass
    assert precious.read_text() == "precious"
    assert [path.name for path in (tmp_path / "else").iterdir()] == ["rerun"]


def test_a_pipe_in_place_of_a_record_does_not_hang(tmp_path):
    (tmp_path / "results/records").mkdir(parents=True)
    os.mkfifo(tmp_path / "results/records/a.csv.json")
    assert job_records.read("results/a.csv", tmp_path) is None


def test_a_job_that_cannot_be_planned_stops_no_other_of_its_group(clone, tmp_path, monkeypatch):
    """Snakemake makes nothing at all where it cannot plan one of its targets."""
    asked = []

    def snakemake(clone, directory, targets, options, log):
        asked.append(len(targets))
        if any("bad" in target for target in targets):
            return 1
        for target in targets:
            (directory / target).parent.mkdir(parents=True, exist_ok=True)
            (directory / target).write_text("made")
        return 0

    monkeypatch.setattr(audit_clone, "snakemake", snakemake)
    jobs = [job(f"results/runs/{name}") for name in ("a", "bad", *"cdefgh")]
    places, _ = rerun(clone, jobs, tmp_path)
    made = [name for name, folder in places.items() if (folder / name).is_file()]
    assert made == [each.name for each in jobs if "bad" not in each.name]
    assert asked == [8, 4, 2, 1, 1, 2, 4]


def recorded_file(folder, path):
    """A file of results/ with its record; returns its SHA-256."""
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text("forged")
    made_from = {"rule": "train", "code": "", "settings": "", "inputs": {}, "outputs": [path]}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        job_records.write(path, made_from)
    return files.sha256(folder / path)


def test_no_output_is_brought_as_an_input_and_so_taken_for_made_again(clone, commands, tmp_path):
    forged, data = "results/runs/a/0", "results/data/a"
    inputs = {path: recorded_file(tmp_path, path) for path in (forged, data)}
    # it names its own output; and the next one, of the same rule, that of another
    jobs = [job(forged, inputs=inputs), job("results/runs/b", inputs=inputs)]
    places, _ = rerun(clone, jobs, tmp_path)
    assert set(places) == {forged, "results/runs/b"} and len(commands) == 1
    assert (places[forged] / data).is_file()
    assert not (places[forged] / forged).exists()
    assert not (places[forged] / "results/records/runs/a/0.json").exists()


def test_no_rerun_goes_on_from_a_checkpoint_that_came_with_the_results(clone, commands, tmp_path):
    path = "results/checkpoints/a"
    inputs = {path: recorded_file(tmp_path, path)}
    places, impossible = rerun(clone, [job("results/runs/a", inputs=inputs)], tmp_path)
    assert not places and "is a checkpoint" in impossible["results/runs/a"]
