"""Cheats on records of jobs, all sealed and signed anew: digests that fit what nobody ran."""

import json
from collections.abc import Callable

from authoring import every_record, planted_record, rerun, signed, unstated
from cheats.registry import TABLE, cheat
from forging import Forgery

EVALUATE = "results/risks/[0-9a-f]*.csv"


def of_its_job(study: Forgery, path: str, change: Callable[[dict], dict]) -> str:
    """Change the records of all outputs of the job that made a file; sealed and signed."""
    unstated(study)
    for output in study.record(path)["outputs"]:
        study.write_record(output, change(study.record(output)))
    rerun(study, dict)
    return path


@cheat(clone="job evaluate reads other files than the record names: results/tables/claims.csv")
def an_input_that_the_rule_never_reads(study: Forgery) -> str:
    """A risk is recorded as if it had been measured from a table, too."""
    more = {TABLE: study.record(TABLE)["sha256"]}
    return of_its_job(
        study, study.first(EVALUATE), lambda record: record | {"inputs": record["inputs"] | more}
    )


@cheat(clone="job evaluate reads other files than the record names")
def an_input_left_away(study: Forgery) -> str:
    """The record of a risk names no test pairs: these can be exchanged freely."""

    def fewer(record: dict) -> dict:
        kept = {k: v for k, v in record["inputs"].items() if "/test." not in k}
        return record | {"inputs": kept}

    return of_its_job(study, study.first(EVALUATE), fewer)


@cheat(clone="job train reads other files than the record names")
def made_from_nothing(study: Forgery) -> str:
    """No record names any input."""
    unstated(study)
    every_record(study, lambda record: record | {"inputs": {}})
    rerun(study, dict)
    return ""


@cheat(clone="job train reads other files than the record names")
def inputs_of_another_cell(study: Forgery) -> str:
    """A training is recorded as of the data set of the other cell."""
    here, there = (study.first("results/data/*/ratings.safetensors", at) for at in (0, 1))
    path = study.first("results/runs/*/0.safetensors")
    taken = here if here in study.record(path)["inputs"] else there
    given = there if taken == here else here
    sha256 = study.record(given)["sha256"]

    def moved(record: dict) -> dict:
        kept = {k: v for k, v in record["inputs"].items() if k != taken}
        return record | {"inputs": kept | {given: sha256}}

    return of_its_job(study, path, moved)


@cheat(clone="job evaluate does not make it, but train does")
def another_rule(study: Forgery) -> str:
    """Weights are recorded as made by another rule, of whose code the digest is told."""
    code = study.record(study.first(EVALUATE))

    def other(record: dict) -> dict:
        return record | {key: code[key] for key in ("rule", "code", "bookkeeping")}

    return of_its_job(study, study.first("results/runs/*/0.safetensors"), other)


@cheat(clone="job train had other settings than the study that was run")
def settings_of_another_job(study: Forgery) -> str:
    """A training is recorded with the settings of another one."""
    other = study.record(study.first("results/runs/*/0.safetensors", 1))["settings"]
    path = study.first("results/runs/*/0.safetensors")
    return of_its_job(study, path, lambda record: record | {"settings": other})


@cheat(clone="the code that its job train recorded is that of no recorded run")
def one_job_of_older_code(study: Forgery) -> str:
    """One training is recorded with the digest of code that the commit does not have."""
    path = study.first("results/runs/*/0.safetensors")
    return of_its_job(study, path, lambda record: record | {"code": "0" * 16})


@cheat(clone="recorded is that of no recorded run and its commit")
def all_jobs_of_older_code(study: Forgery) -> str:
    """All jobs are recorded with digests of code that the run's commit does not have."""
    unstated(study)
    every_record(study, lambda record: record | {"code": record["code"][::-1]})
    rerun(study, dict)
    return ""


@cheat(clone="results/tables/better.csv")
def record_of_no_file(study: Forgery) -> str:
    """A record tells of a table that is not there."""
    unstated(study)
    planted_record(study, "results/tables/better.csv", TABLE)
    rerun(study, dict)
    return "results/tables/better.csv"


@cheat(clone="results/tables/better.csv: no study that was run here asks for it")
def table_with_a_record(study: Forgery) -> str:
    """A table that the study does not have is sealed with a record of a rule that there is."""
    unstated(study)
    study.write("results/tables/better.csv", b"claim,verdict\n1,holds\n")
    planted_record(study, "results/tables/better.csv", TABLE)
    rerun(study, dict)
    return "results/tables/better.csv"


@cheat(clone="no job of the rule claims makes just results/tables/better.csv and 1 more")
def one_output_more(study: Forgery) -> str:
    """The job of the ledger is recorded as having made one table more, in all its records."""
    unstated(study)
    more = "results/tables/better.csv"
    study.write(more, b"claim,verdict\n1,holds\n")
    outputs = sorted([*study.record(TABLE)["outputs"], more])
    for path in study.record(TABLE)["outputs"]:
        study.write_record(path, study.record(path) | {"outputs": outputs})
    study.write_record(more, study.record(TABLE))
    study.re_record(more)
    rerun(study, dict)
    return more


@cheat(clone="results/runs/0123456789/0.safetensors: no study that was run here asks for it")
def training_of_no_cell(study: Forgery) -> str:
    """A further training, copied with its records, stands under an id that the study lacks."""
    unstated(study)
    old = study.first("results/runs/*/0.safetensors")
    name = old.split("/")[2]
    for output in study.record(old)["outputs"]:
        study.write(output.replace(name, "0123456789"), study.read(output))
        record = study.record(output)
        outputs = [each.replace(name, "0123456789") for each in record["outputs"]]
        study.write_record(output.replace(name, "0123456789"), record | {"outputs": outputs})
    rerun(study, dict)
    return old.replace(name, "0123456789")


@cheat(clone="it is no valid record")
def key_twice(study: Forgery) -> str:
    """A record has the key of its rule twice: who reads the first sees another rule."""
    path = study.record_path(TABLE)
    study.replace(path, '  "rule"', '  "rule": "train",\n  "rule"')
    signed(study, study.sealed())
    return path


@cheat(clone="it is no valid record")
def record_in_another_form(study: Forgery) -> str:
    """A record stands in one line, with words that no key of it has."""
    path = study.record_path(TABLE)
    content = json.loads(study.read(path))
    study.write(path, json.dumps(content).encode("ascii") + b"\n \n")
    signed(study, study.sealed())
    return path


@cheat(clone="it is not as a job writes it")
def record_with_words_of_its_own(study: Forgery) -> str:
    """A record holds a further key, by which it praises itself."""
    unstated(study)
    study.write_record(TABLE, study.record(TABLE) | {"audited": "IDENTICAL"})
    rerun(study, dict)
    return study.record_path(TABLE)


@cheat(clone="no valid record")
def size_as_a_fraction(study: Forgery) -> str:
    """A record has its size as 1234.0."""
    unstated(study)
    record = study.record(TABLE)
    study.write_record(TABLE, record | {"bytes": float(record["bytes"])})
    rerun(study, dict)
    return study.record_path(TABLE)


@cheat(clone="statement")
def records_of_two_statements(study: Forgery) -> str:
    """Results name a statement that neither the run nor the folder has."""
    unstated(study)
    every_record(study, lambda record: record | {"statement": "5" * 64}, ["train"])
    rerun(study, dict)
    return ""
