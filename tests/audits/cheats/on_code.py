"""Cheats on code, the study's file and the rules of decision."""

import re
from pathlib import Path

from cheats.registry import DECISIONS, MANIFEST, STUDY, TABLE, cheat
from forging import Forgery


@cheat(verify="sealed with")
def edited_library(study: Forgery) -> str:
    """A module of the library is edited, results are not remade."""
    study.replace("scripts/twotower/rates/slopes.py", '"""', '"""Kindly: ')
    return "scripts/twotower/rates/slopes.py"


@cheat(verify="made by other code of rates/fit_rates.py")
def edited_library_and_seal(study: Forgery) -> str:
    """A module of the library is edited and sealed anew, results are not remade."""
    edited_library(study)
    study.reseal()
    return "results/rates/smoothness/rates.csv"


@cheat(verify="sealed with")
def edited_rule(study: Forgery) -> str:
    """A file of Snakemake's rules is edited."""
    study.replace("workflow/rules/train.smk", "threads: 1", "threads: 2")
    return "workflow/rules/train.smk"


@cheat(verify="it was not sealed")
def shadowing_package(study: Forgery) -> str:
    """A module beside the Snakefile stands before a package that Snakemake imports."""
    study.write("yaml.py", b"def safe_load(file): return {}\n")
    return "yaml.py"


@cheat(verify="it was not sealed")
def shadowing_module(study: Forgery) -> str:
    """A module beside the scripts stands before a package of the same name."""
    study.write("scripts/safetensors.py", b"def load_file(path): return {}\n")
    return "scripts/safetensors.py"


@cheat(verify="recorded other bytes for it")
def changed_rules(study: Forgery) -> str:
    """A threshold of the decision rules is widened after the run."""
    study.replace(DECISIONS, "window_risk: 0.25", "window_risk: 0.5")  # which no rule's words name
    return DECISIONS


@cheat(verify="it was judged by the rules")
def changed_rules_and_seal(study: Forgery) -> str:
    """A threshold is widened after the run, and sealed anew; the ledger stays."""
    changed_rules(study)
    study.reseal()
    return TABLE


@cheat(verify="its settings differ from those of the run: replicates was 3, is 4")
def edited_study(study: Forgery) -> str:
    """The study's file claims more replicates than were run."""
    study.replace(STUDY, "replicates: 3", "replicates: 4")
    return STUDY


@cheat(verify="its settings differ from those of the run: seed was 1, is 2")
def another_seed(study: Forgery) -> str:
    """The study's file names another seed than was run, and is sealed anew."""
    study.replace(STUDY, "seed: 1", "seed: 2")
    study.reseal()
    return STUDY


@cheat(verify="it names another study than run")
def another_study(study: Forgery) -> str:
    """The seal names the default study as the one that was run."""
    study.reseal(study.sealed() | {"file": "config.yaml"})
    return MANIFEST


@cheat(verify="its content does not match the digest in its name")
def another_commit(study: Forgery) -> str:
    """The record of the run names another commit."""
    path = study.first("results/records/runs/*.json")
    text = study.read(path).decode("ascii")
    (commit,) = re.findall(r'"commit": "([0-9a-f]{40})"', text)
    study.replace(path, commit, "0" * 40)
    return path


@cheat(verify="it was sealed")
def another_run(study: Forgery) -> str:
    """The record of the run is replaced by one of another commit, under the name that fits."""
    path = study.first("results/records/runs/*.json")
    study.re_run(lambda run: run | {"commit": "0" * 40})
    return path


@cheat(verify="the study in it is not that of the study's file")
def another_text_of_the_study(study: Forgery) -> str:
    """The record of the run tells of more replicates than its settings have, all sealed anew."""
    path = study.re_run(lambda run: run | {"study": _larger(run["study"])})
    study.reseal(study.sealed() | {"run": Path(path).stem})
    return path


def _larger(ran: dict) -> dict:
    return ran | {"content": ran["content"] | {"replicates": 500}}
