"""Cheats on what is handed over: crates, checklists, published findings."""

import json
import shutil
from collections.abc import Callable

from authoring import claimed, committed, rerun, unstated
from cheats.on_claims import partial_run_as_whole
from cheats.on_files import HUGE, sparse
from cheats.registry import MANIFEST, TABLE, cheat, with_values
from commands import CRATE, NOTED
from forging import ROOT, Forgery, make
from twotower.base import files

GRAPH = f"{CRATE}/ro-crate-metadata.json"
LISTS = f"{CRATE}/checklists.md"


def exportable(study: Forgery) -> None:
    """Lay beside the study what an export takes from the project: citation, licence, pages."""
    for name in ("CITATION.cff", "LICENSE"):
        shutil.copy2(ROOT / name, study.folder / name)
    shutil.copytree(ROOT / "docs", study.folder / "docs", dirs_exist_ok=True)


def exported(study: Forgery, *options: str) -> None:
    """A crate of the study, as it is."""
    exportable(study)
    make(study.folder, "export", CRATE, *options)
    (study.folder / NOTED).write_text(files.sha256(study.folder / GRAPH), encoding="ascii")


def fitting(study: Forgery, path: str, before: str) -> None:
    """Have the graph say of a file of the crate what is so; `before` is its SHA-256 of before."""
    now = files.sha256(study.folder / CRATE / path)
    content = json.loads(study.read(GRAPH))
    for entity in content["@graph"]:
        if entity.get("sha256") == before:
            entity |= {
                "sha256": now,
                "contentSize": str((study.folder / CRATE / path).stat().st_size),
            }
    study.write(GRAPH, json.dumps(content, indent=2).encode("utf-8"))


def edited(study: Forgery, path: str, change: Callable[[bytes], bytes]) -> str:
    """Edit a file of a crate and what the graph says of it."""
    exported(study)
    before = files.sha256(study.folder / CRATE / path)
    study.write(f"{CRATE}/{path}", change(study.read(f"{CRATE}/{path}")))
    fitting(study, path, before)
    return path


@cheat(crate="its entries have")
def root_that_is_not_computed(study: Forgery) -> str:
    """In a crate a table, its entry in the seal and the graph are edited; the root stays."""
    exported(study)
    old = files.sha256(study.folder / CRATE / TABLE)
    seal = files.sha256(study.folder / CRATE / MANIFEST)
    study.edit_table(f"{CRATE}/{TABLE}", lambda rows: with_values(rows, 0, verdict="holds"))
    new, size = files.sha256(study.folder / CRATE / TABLE), len(study.read(f"{CRATE}/{TABLE}"))
    content = json.loads(study.read(f"{CRATE}/{MANIFEST}"))
    for each in content["files"]:
        if each["path"] == TABLE:
            each |= {"sha256": new, "bytes": size}
    study.write(
        f"{CRATE}/{MANIFEST}", (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()
    )
    fitting(study, TABLE, old)
    fitting(study, MANIFEST, seal)
    return TABLE


@cheat(noted_hash="its SHA-256 is not the noted one")
def checklist_of_other_numbers(study: Forgery) -> str:
    """The checklists of a crate say 500 replicates; the graph fits."""
    return edited(study, "checklists.md", lambda text: text.replace(b"3 ", b"500 ", 1))


@cheat(empty_hash="--sha256 is empty")
def checklist_and_an_empty_hash(study: Forgery) -> str:
    """The same, and the reader's variable of the noted SHA-256 is empty."""
    return checklist_of_other_numbers(study)


@cheat(noted_hash="its SHA-256 is not the noted one")
def readme_of_other_numbers(study: Forgery) -> str:
    """README.md in a crate is edited; the graph fits."""
    return edited(study, "README.md", lambda text: text + b"\nEvery claim holds.\n")


@cheat(crate="it has a key twice")
def graph_with_a_key_twice(study: Forgery) -> str:
    """In the graph the SHA-256 of a table stands twice."""
    exported(study)
    old = files.sha256(study.folder / CRATE / TABLE)
    study.replace(GRAPH, f'"sha256": "{old}"', f'"sha256": "{"5" * 64}",\n"sha256": "{old}"')
    return ""


@cheat(crate="the graph names it twice")
def graph_with_a_file_twice(study: Forgery) -> str:
    """The graph describes the ledger twice, with different hashes."""
    exported(study)
    content = json.loads(study.read(GRAPH))
    (own,) = (each for each in content["@graph"] if each["@id"] == TABLE)
    content["@graph"].append(own | {"sha256": "5" * 64})
    study.write(GRAPH, json.dumps(content).encode("utf-8"))
    return TABLE


@cheat(crate="as the root of the seal, which is")
def graph_with_another_root(study: Forgery) -> str:
    """The graph names another root than the seal has."""
    exported(study)
    root = json.loads(study.read(f"{CRATE}/{MANIFEST}"))["root"]
    study.replace(GRAPH, root, "a" * 64)
    return ""


@cheat(crate="of #run, results/records/runs/")
def graph_with_another_commit(study: Forgery) -> str:
    """The graph names another commit than the record of the run has."""
    exported(study)
    commit = json.loads(study.read(study.first("results/records/runs/*.json")))["commit"]
    text = study.read(GRAPH).decode("utf-8")
    study.write(GRAPH, text.replace(commit, "a" * 40).encode("utf-8"))
    return ""


@cheat(crate="of results/tables/claims.csv, results/records/tables/claims.csv.json says")
def graph_of_other_jobs(study: Forgery) -> str:
    """In the graph all jobs have other digests of code than their records."""
    exported(study)
    code = study.record(TABLE)["code"]
    text = study.read(GRAPH).decode("utf-8")
    study.write(GRAPH, text.replace(code, "a" * 16).encode("utf-8"))
    return ""


@cheat(crate="missing")
def unwelcome_table_left_out(study: Forgery) -> str:
    """A table is gone from a crate; the graph says that it was left out."""
    exported(study)
    (study.folder / CRATE / "results/tables/falsifiability.csv").unlink()
    return "results/tables/falsifiability.csv"


@cheat(left_out="tables 1 of 18 files; NOT ALL of a kind: tables")
def one_table_of_a_kind_left_out(study: Forgery) -> str:
    """A single unwelcome table is gone, and WITHOUT=tables is said to be enough to verify."""
    (study.folder / "results/tables/falsifiability.csv").unlink()
    return "results/tables/falsifiability.csv"


@cheat(crate="seal")
def crate_without_a_trace(study: Forgery) -> str:
    """A crate loses its seal, and its graph every mention of it; a table is edited."""
    exported(study)
    content = json.loads(study.read(GRAPH))
    shutil.rmtree(study.folder / CRATE / "results/seal")
    kept = [each for each in content["@graph"] if "results/seal" not in each["@id"]]
    study.write(GRAPH, json.dumps(content | {"@graph": kept}).encode("utf-8"))
    old = files.sha256(study.folder / CRATE / TABLE)
    study.edit_table(f"{CRATE}/{TABLE}", lambda rows: with_values(rows, 0, verdict="holds"))
    fitting(study, TABLE, old)
    return ""


@cheat(crate=TABLE)
def crate_with_a_link(study: Forgery) -> str:
    """A table of a crate is a link to one outside."""
    exported(study)
    place = study.folder / CRATE / TABLE
    shutil.copy(place, study.folder / "ledger.csv")
    place.unlink()
    place.symlink_to(study.folder / "ledger.csv")
    return TABLE


@cheat(crate="it has 8,000,000,000,000 bytes, of which the disk holds 0")
def crate_with_a_sparse_file(study: Forgery) -> str:
    """A figure of a crate has 8 TB; the graph says so."""
    exported(study)
    path = "results/figures/learning_curves.png"
    before = files.sha256(study.folder / CRATE / path)
    content = json.loads(study.read(GRAPH))
    for entity in content["@graph"]:
        if entity.get("sha256") == before:
            entity["contentSize"] = str(HUGE)
    study.write(GRAPH, json.dumps(content).encode("utf-8"))
    sparse(study.folder / CRATE / path)
    return path


@cheat(export="it holds 3 replicates, the study asks for 500")
def checklist_from_the_study(study: Forgery) -> str:
    """3 replicates were run, 500 are claimed; do the checklists count, or copy?"""
    exportable(study)
    return claimed(study, lambda raw: raw | {"replicates": 500})


@cheat(publish="CHANGED results/tables/claims.csv")
def edited_ledger_published(study: Forgery) -> str:
    """An edited ledger is published as the findings of a clean commit."""
    shutil.rmtree(study.folder / "preregistration")
    study.edit_table(TABLE, lambda rows: with_values(rows, 0, verdict="holds"))
    return TABLE


@cheat(publish="STALE results/rates/planted.csv: made by other code")
def findings_of_another_commit(study: Forgery) -> str:
    """Results are published at a later commit, with other code, as that commit's."""
    unstated(study)
    study.replace("scripts/twotower/rates/slopes.py", '"""', '"""Kindly: ')
    committed(study, "Later.")
    rerun(study, dict)
    return ""


@cheat(publish="FORGED results/index.csv: it holds 4 runs, the study asks for 4 others")
def findings_of_another_study(study: Forgery) -> str:
    """Results of seed 1 are published as the findings of a study's file with seed 7."""
    claimed(study, lambda raw: raw | {"seed": 7})
    return ""


@cheat(publish="MISSING results/figures/error_budget.pdf: the study makes this file")
def findings_in_part(study: Forgery) -> str:
    """Findings are published without the figures and tables that are unwelcome."""
    partial_run_as_whole(study)
    return ""
