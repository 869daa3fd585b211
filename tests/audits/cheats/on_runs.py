"""Cheats on the records of runs and environments, sealed and signed anew."""

import hashlib

from authoring import adopt_code, committed, every_record, named, own, rerun, signed, unstated
from cheats.registry import cheat
from forging import Forgery
from twotower.records import environment, run_records
from twotower.records.reading import canonical

SLOPES = "scripts/twotower/rates/slopes.py"


def with_environment(study: Forgery, which: list[str], **changes: object) -> str:
    """Have jobs of some rules, or all, name a changed environment; sealed and signed."""
    unstated(study)
    study.re_environment(
        lambda found: found | changes, lambda record: not which or record["rule"] in which
    )
    rerun(study, dict)
    return ""


@cheat(clone="its random stream begins with 0x1.0p+0, the known one with")
def another_random_stream(study: Forgery) -> str:
    """All jobs drew their random numbers from another generator than the project has."""
    return with_environment(study, [], stream=["0x1.0p+0"] * 4)


@cheat(clone="its random stream begins with nothing, the known one with")
def no_random_stream(study: Forgery) -> str:
    """The records of environments tell of no random stream."""
    return with_environment(study, [], stream=[])


@cheat(clone="threads")
def no_threads(study: Forgery) -> str:
    """No environment says how many threads there were."""
    return with_environment(study, [], threads=None)


@cheat(clone="it is no valid record")
def threads_as_a_truth(study: Forgery) -> str:
    """The number of threads is told as `true`, which equals one."""
    return with_environment(study, [], threads=True)


@cheat(clone="was not set, the pin is")
def no_pins(study: Forgery) -> str:
    """The environment tells of no pin at all."""
    return with_environment(study, [], pins={})


@cheat(clone="was not installed")
def no_packages(study: Forgery) -> str:
    """The environment tells of no package of the lock."""
    return with_environment(study, [], packages={})


@cheat(clone="it is no valid record")
def environment_in_another_form(study: Forgery) -> str:
    """A record of an environment has a key twice."""
    path = study.first("results/records/environments/*.json")
    study.replace(path, ' "threads"', ' "threads": 64,\n "threads"')
    signed(study, study.sealed())
    return path


@cheat(told="no job and no run that is here had it")
def environment_of_no_job(study: Forgery) -> str:
    """A further environment, of a machine that nobody has, lies among the records."""
    name = study.first("results/records/environments/*.json").split("/")[-1][:16]
    found = environment.read(name, study.folder)
    environment.save(found | {"gpus": ["NVIDIA H200"]}, study.folder)
    signed(study, study.sealed())
    return ""


@cheat(clone="it is no valid record")
def run_with_words_of_its_own(study: Forgery) -> str:
    """The record of the run has a further key, that of 500 replicates."""
    unstated(study)
    return rerun(study, lambda run: run | {"replicates": 500})


@cheat(clone="it is no valid record")
def run_in_another_form(study: Forgery) -> str:
    """The record of the run has its commit twice, first a nicer one."""
    path = study.first("results/records/runs/*.json")
    study.replace(path, '  "commit"', f'  "commit": "{"a" * 40}",\n  "commit"')
    signed(study, study.sealed())
    return path


@cheat(told="has no commit")
def commit_that_nobody_has(study: Forgery) -> str:
    """The run is recorded with a commit that was never published."""
    unstated(study)
    return rerun(study, lambda run: run | {"commit": "a" * 40})


@cheat(clone="scripts/twotower/rates/slopes.py: it is not as in commit")
def commit_that_does_not_hold_the_code(study: Forgery) -> str:
    """Code was edited and all made by it; the record says that it is the commit's."""
    unstated(study)
    study.replace(SLOPES, '"""', '"""Kindly: ')
    adopt_code(study)
    rerun(study, lambda run: run | {"diff": None})
    return SLOPES


@cheat(clone="with the run's recorded changes")
def changes_that_are_others(study: Forgery) -> str:
    """Code was edited and all made by it; the recorded changes are of a harmless comment."""
    unstated(study)
    first = study.read("Makefile").split(b"\n")[0]
    diff = b"diff --git a/Makefile b/Makefile\n--- a/Makefile\n+++ b/Makefile\n@@ -1,1 +1,2 @@\n"
    diff += b"+# harmless\n " + first + b"\n"
    sha256 = hashlib.sha256(diff).hexdigest()
    place = (run_records.RUNS / f"{sha256[:16]}.diff").as_posix()
    study.write(place, diff)
    study.replace(SLOPES, '"""', '"""Kindly: ')
    adopt_code(study)
    rerun(study, lambda run: run | {"diff": {"sha256": sha256, "file": place}})
    return SLOPES


@cheat(told="recorded no commit")
def no_commit_at_all(study: Forgery) -> str:
    """Code was edited and all made by it; the record says that there was no git."""
    unstated(study)
    study.replace(SLOPES, '"""', '"""Kindly: ')
    adopt_code(study)
    rerun(study, lambda run: run | {"commit": None, "diff": None})
    return SLOPES


@cheat(clone="that its job claims recorded is that of no recorded run and its commit")
def a_later_commit(study: Forgery) -> str:
    """The run is recorded with a later commit, whose code is another than that of the jobs."""
    unstated(study)
    before = study.read(SLOPES)
    study.replace(SLOPES, '"""', '"""Kindly: ')
    commit = committed(study, "Later.")
    study.write(SLOPES, before)
    rerun(study, lambda run: run | {"commit": commit})
    return ""


def second_run(study: Forgery, **changes: object) -> str:
    """A further record of a run, in all else like that of the sealed one."""
    (name,) = run_records.names(study.folder)
    other = run_records.read(name, study.folder) | changes
    path = (run_records.RUNS / f"{named(other)}.json").as_posix()
    study.write(path, canonical.text(other, 2).encode("ascii"))
    signed(study, study.sealed())
    return path


@cheat(clone="rules: they were changed between runs in this folder")
def two_runs_of_different_rules(study: Forgery) -> str:
    """Another run of the same study is recorded, by other rules; nothing is said of it."""
    return second_run(study, decisions={"label": "v3:5555555555", "sha256": "5" * 64})


@cheat(told="also recorded here, names another one, 555555555555")
def two_runs_of_different_statements(study: Forgery) -> str:
    """Another run of the same study is recorded, by another statement, which is nowhere."""
    return second_run(study, statement="5" * 64)


@cheat(told="the project holds one of this study")
def no_statement_any_more(study: Forgery) -> str:
    """A statement was made and committed; all that names it is gone from the results."""
    own(study, ".git")
    kept = {path: path.read_bytes() for path in study.folder.glob("preregistration/*/*")}
    unstated(study)
    for path, content in kept.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    rerun(study, dict)
    return ""


@cheat(clone="environment")
def jobs_without_an_environment(study: Forgery) -> str:
    """The records of trainings name no environment."""
    unstated(study)
    every_record(
        study, lambda record: {k: v for k, v in record.items() if k != "environment"}, ["train"]
    )
    rerun(study, dict)
    return ""
