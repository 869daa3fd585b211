"""The jobs of the recorded study against those that were recorded, in a planted study."""

from pathlib import Path

import pytest

from planted_study import CLAIMS, DATA, RISKS, RULES, RUN, STUDY
from twotower.audits.seal import manifest
from twotower.audits.verify import verification
from twotower.base import identity
from twotower.records import job_records, run_records
from twotower.records.reading import canonical
from twotower.study.jobs import job_settings
from twotower.study.jobs.job_list import JobList


def re_recorded(path, **changes):
    """Change the record of a job's output, so that it agrees with itself."""
    content = job_records.read(path) | changes
    content["record"] = identity.digest(content).hex()
    job_records.record_path(path).write_text(canonical.text(content, 2), encoding="ascii")


def re_run(change):
    """Change the run's record, under the name that fits; the manifest that names it."""
    (name,) = run_records.names()
    run = change(run_records.read(name))
    (run_records.RUNS / f"{name}.json").unlink()
    new = run_records.digest(run)
    (run_records.RUNS / f"{new}.json").write_text(canonical.text(run, 2), encoding="ascii")
    told = run["study"]
    return {"file": told["file"], "settings": told["settings"], "run": new}


def found(about=None):
    """What verify finds, all sealed anew."""
    sealed = manifest.build(Path(), about or manifest.read(Path()).study)
    return verification.examine(Path(), sealed)


def test_what_was_run_is_what_was_asked_for(study):
    result = found()
    assert not result.failed, (result.wrong(), result.faults)
    assert result.run.startswith("study study.yaml, as its file says it; all of it: ")
    assert "1 of 28 claims tested" in result.run


def test_an_older_record_takes_the_order_of_experiments_from_the_file(study):
    def older(run):
        told = {key: value for key, value in run["study"].items() if key != "experiments"}
        return run | {"study": told}

    result = found(re_run(older))
    assert not result.failed, (result.wrong(), result.faults)


@pytest.mark.parametrize(
    ("path", "changes", "words"),
    [
        (RISKS, {"settings": "0" * 64}, "job evaluate had other settings than the study"),
        (RISKS, {"inputs": {}}, f"job evaluate reads other files than the record names: {DATA}"),
        (CLAIMS, {"rule": "index"}, "job index does not make it, but claims does"),
    ],
)
def test_a_record_of_another_job_is_told(study, path, changes, words):
    re_recorded(path, **changes)
    assert words in found().files[job_records.record_path(path).as_posix()].reason


def test_a_job_that_the_study_lacks_and_one_that_it_asks_for_are_told(study):
    other = RISKS.replace(RUN.id, "0123456789")
    Path(other).write_bytes(Path(RISKS).read_bytes())
    made_from = job_records.read(RISKS) | {"outputs": [other]}
    job_records.write(other, {k: v for k, v in made_from.items() if k not in ("bytes", "sha256")})
    Path(CLAIMS).unlink()
    job_records.record_path(CLAIMS).unlink()
    files = found().files
    assert "no study that was run here asks for it" in files[other].reason
    assert (
        files[CLAIMS].verdict == "MISSING" and "the study makes this file" in files[CLAIMS].reason
    )


def test_more_replicates_are_claimed_than_there_are(study):
    """Study, run, seal, and each record's settings tell of 500: the files hold 3."""
    text = Path("study.yaml").read_text().replace("replicates: 3", "replicates: 500")
    Path("study.yaml").write_text(text)
    claimed = STUDY.model_copy(update={"replicates": 500})
    listed = JobList(claimed)
    for rule, wildcards in listed:
        settings = job_settings.of(listed, rule, wildcards, "study.yaml")
        for path in RULES[rule].paths(wildcards):
            re_recorded(path, settings=job_records.settings_digest(settings))

    def more(run):
        content = run["study"]["content"] | {"replicates": 500}
        settings = run_records.study_digest(claimed.model_dump())
        return run | {"study": run["study"] | {"content": content, "settings": settings}}

    result = found(re_run(more))
    reasons = {path: each.reason for path, each in result.wrong().items()}
    assert "it holds 3 replicates, the study asks for 500" in reasons[RISKS]
    assert f"{DATA}/ratings.safetensors" in reasons and f"{DATA}/certificate.csv" in reasons


@pytest.mark.parametrize(
    ("given", "targets", "words"),
    [
        ({"seed": 7}, [], "study study.yaml, with --config seed=7 over it; all of it"),
        ({}, ["one"], "as its file says it; asked for one alone"),
    ],
)
def test_values_of_the_command_line_and_targets_are_told(study, given, targets, words):
    def other(run):
        return run | {"targets": targets, "study": run["study"] | {"given": given}}

    result = found(re_run(other))
    assert words in result.run and not result.failed, (result.wrong(), result.faults)


def test_an_odd_given_is_blamed_on_the_run(study):
    about = re_run(lambda run: run | {"study": run["study"] | {"given": {"sedd": 7}}})
    wrong = found(about).wrong()
    own = f"results/records/runs/{about['run']}.json"
    assert "its values of --config (sedd) make no valid study of study.yaml" in wrong[own].reason
    assert "study.yaml" not in wrong
