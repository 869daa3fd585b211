"""Cheats on a finished, sealed and signed tiny study: what each does, and who must name what.

A cheat changes a copy of the study and returns the path of the file that must be named; "" if no
single file is at fault. `caught_by` says who must find it, "verify" or "audit", and words that
must be among what is said of that file. What verify does not catch is for the audit's rerun.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from forging import Forgery
from twotower import files, grid, ratings, study_file, targets, tensors

CHEATS: list["Cheat"] = []
TABLE = "results/tables/claims.csv"
DECISIONS = "workflow/decisions.yaml"
LOCK = "envs/requirements.txt"
MANIFEST = "results/seal/manifest.json"
STUDY = "workflow/studies/tiny.yaml"


@dataclass(frozen=True)
class Cheat:
    """One way to cheat.

    Attributes:
        name: short, unique.
        act: does it; returns the path that must be named, or "".
        caught_by: by catcher, words that it must say.
        noted: what was noted elsewhere at the seal: any of "signers" and "root".
    """

    name: str
    act: Callable[[Forgery], str]
    caught_by: dict[str, str] = field(default_factory=dict)
    noted: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """What it does, in a line."""
        return re.sub(r"\s+", " ", self.act.__doc__ or "").strip()


def cheat(*noted: str, **caught_by: str) -> Callable:
    """Enter a function into CHEATS; keywords are catchers with the words they must say."""

    def entered(act: Callable[[Forgery], str]) -> Callable[[Forgery], str]:
        name = act.__name__.replace("_", " ")
        CHEATS.append(Cheat(name, act, caught_by, noted))
        return act

    return entered


# --- Results that are edited ------------------------------------------------------------------


@cheat(verify="job train recorded")
def flipped_bit(study: Forgery) -> str:
    """One bit of a weight file is flipped, its time kept."""
    path = study.first("results/runs/*/0.safetensors")
    study.flip(path)
    return path


@cheat(verify="job evaluate recorded")
def edited_risk(study: Forgery) -> str:
    """A risk in a CSV is halved, its time kept."""
    path = study.first("results/risks/[0-9a-f]*.csv")
    study.edit_table(path, lambda rows: _with(rows, 0, risk=str(float(rows[0]["risk"]) / 2)))
    return path


@cheat(verify="job draw_figure recorded")
def swapped_figures(study: Forgery) -> str:
    """Two figures stand under each other's name."""
    study.swap("results/figures/learning_curves.png", "results/figures/slope_comparison.png")
    return "results/figures/learning_curves.png"


@cheat(verify="job combine_rates recorded")
def dropped_cell(study: Forgery) -> str:
    """A cell's row is missing in the table of rates."""
    study.edit_table("results/tables/rates.csv", lambda rows: rows[1:])
    return "results/tables/rates.csv"


@cheat(verify="job claims recorded")
def edited_verdict(study: Forgery) -> str:
    """A verdict is turned by hand in claims.csv."""
    study.edit_table(TABLE, lambda rows: _with(rows, 0, verdict="holds"))
    return TABLE


@cheat(verify="job tables recorded")
def edited_verdict_for_readers(study: Forgery) -> str:
    """A verdict is turned by hand in claims.md, which no job reads."""
    study.replace("results/tables/claims.md", "not decided", "holds")
    return "results/tables/claims.md"


@cheat(verify="job generate_data recorded")
def swapped_data(study: Forgery) -> str:
    """The ratings of two cells are swapped."""
    one, other = (study.first("results/data/*/ratings.safetensors", each) for each in (0, 1))
    study.swap(one, other)
    return one


@cheat(verify="it was sealed")
def removed_table(study: Forgery) -> str:
    """An unwelcome table is removed with its record."""
    path = "results/tables/falsifiability.csv"
    for each in (path, study.record_path(path)):
        (study.folder / each).unlink()
    return path


@cheat(verify="it was sealed")
def removed_data(study: Forgery) -> str:
    """Ratings are removed, all that was made of them is there."""
    path = study.first("results/data/*/ratings.safetensors")
    (study.folder / path).unlink()
    return path


@cheat(verify="job fit_rates recorded")
def shortened_table(study: Forgery) -> str:
    """A table is cut at its middle."""
    path = "results/rates/smoothness/curves.csv"
    study.write(path, study.read(path)[: len(study.read(path)) // 2])
    return path


@cheat(verify="it was not sealed")
def extra_table(study: Forgery) -> str:
    """A file that no job made lies among the tables."""
    study.write("results/tables/better.csv", b"claim,verdict\n1,holds\n")
    return "results/tables/better.csv"


@cheat(verify="it was not sealed")
def hidden_file(study: Forgery) -> str:
    """A hidden file lies among the weights."""
    path = study.first("results/runs/*/0.safetensors").replace("0.safe", ".0.safe")
    study.write(path, b"weights")
    return path


@cheat(verify="a checkpoint, which no finished study has")
def foreign_checkpoint(study: Forgery) -> str:
    """A checkpoint of another training lies where a resumed one would take it up."""
    run = study.first("results/runs/*/0.safetensors").split("/")[2]
    path = f"results/checkpoints/{run}-0.safetensors"
    study.write(path, study.read(study.first("results/runs/*/0.safetensors", 1)))
    return path


# --- Records and notes ------------------------------------------------------------------------


@cheat(verify="no job recorded that it made it")
def removed_record(study: Forgery) -> str:
    """A job's record is removed."""
    path = study.first("results/risks/[0-9a-f]*.csv")
    (study.folder / study.record_path(path)).unlink()
    return path


@cheat(verify="its digest is not of its content")
def edited_record(study: Forgery) -> str:
    """A record's size is edited, its own digest is not."""
    path = study.record_path(study.first("results/risks/[0-9a-f]*.csv"))
    study.replace(path, '"bytes": ', '"bytes": 1')
    return path


@cheat(verify="it agrees with its record, but")
def file_and_record(study: Forgery) -> str:
    """A risk is edited together with its record."""
    path = study.first("results/risks/[0-9a-f]*.csv")
    study.edit_table(path, lambda rows: _with(rows, 0, risk="0.01"))
    study.re_record(path)
    return path


@cheat(verify="other bytes were sealed: both were changed")
def whole_chain(study: Forgery) -> str:
    """A risk is edited, its record and those of all that was made of it; not the seal."""
    path = file_and_record(study)
    study.re_chain(path)
    return path


@cheat(verify="read other bytes of it")
def file_record_and_seal(study: Forgery) -> str:
    """A risk is edited together with its record, and sealed anew; what was made of it is not."""
    path = file_and_record(study)
    study.reseal()
    return path


@cheat(verify="read other bytes of it")
def swapped_data_and_records(study: Forgery) -> str:
    """The ratings of two cells are swapped, their records made to fit, all sealed anew."""
    path = swapped_data(study)
    for each in (0, 1):
        study.re_record(study.first("results/data/*/ratings.safetensors", each))
    study.reseal()
    return path


@cheat(verify="it is the record of")
def moved_record(study: Forgery) -> str:
    """A cell's risks and their record are put in the place of another cell's, all sealed anew."""
    one, other = (study.first("results/risks/[0-9a-f]*.csv", each) for each in (0, 1))
    study.write(other, study.read(one))
    study.write(study.record_path(other), study.read(study.record_path(one)))
    study.reseal()
    return study.record_path(other)


@cheat(verify="it disagrees with that of")
def two_origins(study: Forgery) -> str:
    """Of two outputs of one job one is told to have had other settings, all sealed anew."""
    path = study.first("results/runs/*/0.safetensors")
    study.write_record(path, study.record(path) | {"settings": "0" * 64})
    study.reseal()
    return study.record_path(path)


@cheat(verify="the settings are other ones")
def edited_note_of_settings(study: Forgery) -> str:
    """In Snakemake's note of a data set another seed stands."""
    path = study.first("results/data/*/ratings.safetensors")
    return study.edit_note(
        path, lambda note: note | {"params": [note["params"][0].replace("'seed': 1", "'seed': 2")]}
    )


@cheat(verify="recorded")
def edited_note_of_inputs(study: Forgery) -> str:
    """In Snakemake's note of weights other ratings stand."""
    path = study.first("results/runs/*/0.safetensors")
    return study.edit_note(
        path, lambda note: note | {"input_checksums": dict.fromkeys(note["input"], "sha256:00")}
    )


@cheat(verify="the rule is")
def edited_note_of_the_rule(study: Forgery) -> str:
    """Snakemake's note of a figure names another rule."""
    path = "results/figures/error_budget.pdf"
    return study.edit_note(path, lambda note: note | {"rule": "train"})


# --- Code, study, rules -----------------------------------------------------------------------


@cheat(verify="sealed with")
def edited_library(study: Forgery) -> str:
    """A module of the library is edited, results are not remade."""
    study.replace("scripts/twotower/rates.py", '"""', '"""Kindly: ')
    return "scripts/twotower/rates.py"


@cheat(verify="made by other code of fit_rates.py")
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


@cheat(verify="read other bytes of it")
def changed_rules(study: Forgery) -> str:
    """A threshold of the decision rules is widened after the run."""
    text = study.read(DECISIONS).decode("utf-8")
    (old,) = re.findall(r"^ +delta: .*$", text, re.MULTILINE)
    study.replace(DECISIONS, old, old.replace("0.", "1."))
    return DECISIONS


@cheat(verify="it was judged by the rules")
def changed_rules_and_seal(study: Forgery) -> str:
    """A threshold is widened after the run, and sealed anew; the ledger stays."""
    changed_rules(study)
    study.reseal()
    return TABLE


@cheat(verify="its settings are not those that were run: replicates was 3, is 4")
def edited_study(study: Forgery) -> str:
    """The study's file claims more replicates than were run."""
    study.replace(STUDY, "replicates: 3", "replicates: 4")
    return STUDY


@cheat(verify="its settings are not those that were run: seed was 1, is 2")
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


@cheat(verify="its content is not what its name is the digest of")
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


# --- Environments -----------------------------------------------------------------------------


@cheat(verify="numerical libraries used 2 threads, the pin is 1")
def another_thread_count(study: Forgery) -> str:
    """All jobs ran with two threads, all else is in order."""
    study.re_environment(lambda found: found | {"threads": 2}, lambda record: True)
    study.reseal()
    return ""


@cheat(verify="made in another environment than most: threads 2, not 1")
def one_job_with_two_threads(study: Forgery) -> str:
    """One training ran with two threads, all else is in order."""
    path = study.first("results/runs/*/0.safetensors")
    outputs = study.record(path)["outputs"]
    study.re_environment(
        lambda found: found | {"threads": 2}, lambda record: record["outputs"] == outputs
    )
    study.reseal()
    return path


@cheat(verify="MKL_CBWR was AUTO, the pin is AVX2,STRICT")
def another_pin(study: Forgery) -> str:
    """All jobs ran without the pin of MKL's code path."""
    study.re_environment(
        lambda found: found | {"pins": found["pins"] | {"MKL_CBWR": "AUTO"}}, lambda record: True
    )
    study.reseal()
    return ""


@cheat(verify="numpy was 2.4.5, envs/requirements.txt names")
def another_package(study: Forgery) -> str:
    """All jobs ran with another version of a package than the lock names."""

    def older(found: dict) -> dict:
        found["packages"]["numpy"]["version"] = "2.4.5"
        return found

    study.re_environment(older, lambda record: True)
    study.reseal()
    return ""


@cheat(verify="made in another environment than most: packages torch sha256")
def another_wheel(study: Forgery) -> str:
    """One training ran with another build of a package of the same version."""

    def rebuilt(found: dict) -> dict:
        found["packages"]["torch"]["sha256"] = "0" * 64
        return found

    path = study.first("results/runs/*/0.safetensors")
    outputs = study.record(path)["outputs"]
    study.re_environment(rebuilt, lambda record: record["outputs"] == outputs)
    study.reseal()
    return path


@cheat(verify="its content is not what its name is the digest of")
def edited_environment(study: Forgery) -> str:
    """An environment is edited under its name, and sealed anew."""
    for path in sorted(study.folder.glob("results/records/environments/*.json")):
        name = path.relative_to(study.folder).as_posix()
        study.replace(name, '"libc": "', '"libc": "other ')
    study.reseal()
    return name


@cheat(verify="made in it")
def removed_environment(study: Forgery) -> str:
    """The environment of the jobs is removed, and all sealed anew."""
    name = study.record(TABLE)["environment"]
    path = f"results/records/environments/{name}.json"
    (study.folder / path).unlink()
    study.reseal()
    return path


@cheat(verify="sealed with")
def edited_lock(study: Forgery) -> str:
    """The lock file names another version of a package."""
    study.replace(LOCK, "\npandas==", "\npandas==1.")
    return LOCK


@cheat(verify="pandas was")
def edited_lock_and_seal(study: Forgery) -> str:
    """The lock file names another version of a package, and is sealed anew."""
    edited_lock(study)
    study.reseal()
    return ""


# --- The seal ---------------------------------------------------------------------------------


@cheat(verify="there is no seal")
def removed_seal(study: Forgery) -> str:
    """The seal and its signature are removed."""
    for path in study.folder.glob("results/seal/*"):
        path.unlink()
    return ""


@cheat(verify="it states the root")
def edited_entry(study: Forgery) -> str:
    """A risk is edited with its record, and its entry in the manifest, but not the root."""
    path = study.first("results/risks/[0-9a-f]*.csv")
    old = study.record(path)["sha256"]
    file_and_record(study)
    study.replace(MANIFEST, old, study.record(path)["sha256"])
    return MANIFEST


@cheat(verify="is no manifest")
def broken_seal(study: Forgery) -> str:
    """The manifest is cut short."""
    study.write(MANIFEST, study.read(MANIFEST)[:-100])
    return ""


@cheat("signers", verify="not signed")
def forged_end_of_chain(study: Forgery) -> str:
    """A figure is replaced with its record and a new seal: consistent, but not signed."""
    forged_figure(study)
    return ""


@cheat(verify="the signature is not of this manifest")
def signature_of_another_seal(study: Forgery) -> str:
    """The same with the signature of the first seal."""
    signature = study.read(f"{MANIFEST}.sig")
    forged_figure(study)
    study.write(f"{MANIFEST}.sig", signature)
    return ""


@cheat("root", verify="the seal is another one than was noted")
def another_root(study: Forgery) -> str:
    """The same without a signature, where the root was noted elsewhere."""
    forged_figure(study)
    return ""


@cheat("signers", verify="not signed")
def removed_signature(study: Forgery) -> str:
    """The signature is removed, where signers are known."""
    (study.folder / f"{MANIFEST}.sig").unlink()
    return ""


@cheat("signers", verify="does not name who signed")
def signed_by_another(study: Forgery) -> str:
    """A figure is replaced, and all sealed and signed anew with another key."""
    forged_figure(study)
    study.sign_with_another_key()
    return ""


# --- Consistent forgeries, unsigned and with no root noted: only a rerun tells -----------------


def forged_figure(study: Forgery) -> str:
    """A figure, which no job reads, is replaced with its record, and all sealed anew."""
    path = "results/figures/learning_curves.png"
    study.write(path, study.read("results/figures/slope_comparison.png"))
    study.re_record(path)
    study.reseal()
    return path


@cheat(audit="DIFFERENT")
def forged_verdict(study: Forgery) -> str:
    """A verdict is turned in all forms of the ledger, with records, notes and an unsigned seal."""
    study.edit_table(TABLE, lambda rows: _with(rows, 0, verdict="holds"))
    study.replace("results/tables/claims.md", "not decided", "holds")
    study.replace("results/tables/claims.tex", "not decided", "holds")
    for path in (TABLE, "results/tables/claims.md", "results/tables/claims.tex"):
        study.re_record(path)
    study.re_chain(TABLE)
    study.re_note_inputs(TABLE)
    study.reseal()
    return TABLE


@cheat(audit="DIFFERENT")
def unsigned_figure(study: Forgery) -> str:
    """A figure is replaced with its record and an unsigned seal, no root was noted."""
    return forged_figure(study)


@cheat(audit="DIFFERENT")
def forged_weights(study: Forgery) -> str:
    """Weights are changed by a thousandth, with records, notes and an unsigned seal."""
    path = study.first("results/runs/*/0.safetensors")
    weights = {name: 1.001 * each for name, each in tensors.read(study.folder / path).items()}
    return _consistently(study, path, lambda place: tensors.write(place, weights))


@cheat(audit="DIFFERENT")
def forged_risks(study: Forgery) -> str:
    """The risks of a cell are halved, with records, notes and an unsigned seal."""
    path = study.first("results/risks/[0-9a-f]*.csv")
    risks = pd.read_csv(study.folder / path)
    halved = risks.assign(risk=risks["risk"] / 2)
    return _consistently(study, path, lambda place: files.write_csv(halved, place))


@cheat(audit="DIFFERENT")
def data_of_another_seed(study: Forgery) -> str:
    """A data set is drawn with another seed, with records, notes and an unsigned seal."""
    read = study_file.read_study(study.folder / STUDY)
    cell = grid.cells(read)[0]
    spec, count = cell.data_spec, max(cell.sample_sizes)
    drawn = {each: targets.draw_target(2, spec, each) for each in range(read.replicates)}
    shapes = ratings.training_shapes(spec, read.replicates, count)

    def draw(place: Path) -> None:
        with tensors.writing(place, shapes) as columns:
            ratings.fill_training(columns, 2, spec, drawn, count)

    return _consistently(study, f"results/data/{cell.data_id}/ratings.safetensors", draw)


def _consistently(study: Forgery, path: str, write: Callable[[Path], None]) -> str:
    """Write a result anew, and make all that tells of it fit: records, notes, the seal."""
    place = study.folder / path
    times, before = os.stat(place), place.read_bytes()
    write(place)
    assert place.read_bytes() != before
    os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))
    study.re_record(path)
    study.re_chain(path)
    study.re_note_inputs(path)
    study.reseal()
    return path


def _with(rows: list[dict], number: int, **values: str) -> list[dict]:
    """The rows with other values in one of them."""
    return [row | values if at == number else row for at, row in enumerate(rows)]
