"""Cheats on what a seal says of itself; each is signed by the author."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace

from authoring import signed
from cheats.on_files import rewritten, sealed_as
from cheats.registry import MANIFEST, TABLE, cheat
from forging import SIGNERS, Forgery
from twotower.audits.seal import manifest, sealed_files

FIGURE = "results/figures/learning_curves.png"


def sealed(study: Forgery, change: Callable[[manifest.Manifest], manifest.Manifest]) -> None:
    """Change the manifest, with a root and a signature that fit."""
    rewritten(study, change(manifest.read(study.folder)).text())


@cheat(clone="seal")
def seal_of_no_study(study: Forgery) -> str:
    """The seal names no study and no run: nothing is compared with them."""
    sealed(study, lambda found: replace(found, study={}))
    return MANIFEST


@cheat(clone="seal")
def seal_of_no_run(study: Forgery) -> str:
    """The seal names the study and no run of it."""
    kept = {k: v for k, v in study.sealed().items() if k != "run"}
    sealed(study, lambda found: replace(found, study=kept))
    return MANIFEST


@cheat(clone="seal")
def seal_without_environments(study: Forgery) -> str:
    """The seal lists no environments."""
    sealed(study, lambda found: replace(found, environments=()))
    return MANIFEST


@cheat(clone="seal")
def seal_without_runs(study: Forgery) -> str:
    """The seal lists no runs."""
    sealed(study, lambda found: replace(found, runs=()))
    return MANIFEST


@cheat(clone="scripts")
def seal_without_code(study: Forgery) -> str:
    """The seal lists no code, and a module was edited."""
    study.replace("scripts/twotower/rates/slopes.py", '"""', '"""Kindly: ')
    signed(study, study.sealed())
    sealed(study, lambda found: replace(
        found, files={k: v for k, v in found.files.items() if v.kind != "code"}))  # fmt: skip
    return ""


@cheat(clone="sealed")
def seal_without_records(study: Forgery) -> str:
    """The seal lists no record."""
    sealed(study, lambda found: replace(
        found, files={k: v for k, v in found.files.items() if v.kind != "records"}))  # fmt: skip
    return ""


@cheat(clone="it seals results/tables/claims.csv as weights, which is of tables")
def another_kind(study: Forgery) -> str:
    """A table is sealed as one of the weights, which an export may leave out."""
    sealed_as(study, TABLE, kind="weights")
    return TABLE


@cheat(clone="seal")
def file_sealed_twice(study: Forgery) -> str:
    """The manifest lists the ledger twice, first with other bytes."""
    content = json.loads(study.read(MANIFEST))
    (own,) = (each for each in content["files"] if each["path"] == TABLE)
    content["files"].insert(content["files"].index(own), own | {"sha256": "5" * 64})
    rewritten(study, json.dumps(content, indent=1, sort_keys=True) + "\n")
    return MANIFEST


@cheat(clone="seal")
def manifest_in_another_form(study: Forgery) -> str:
    """The manifest has a key twice, first with a root that was published elsewhere."""
    text = study.read(MANIFEST).decode("ascii")
    rewritten(study, text.replace(' "root": ', f' "root": "{"a" * 64}",\n "root": ', 1))
    return MANIFEST


@cheat(clone="seal")
def manifest_with_words_of_its_own(study: Forgery) -> str:
    """The manifest has a further key, which no root covers."""
    content = json.loads(study.read(MANIFEST)) | {"audited": "IDENTICAL"}
    rewritten(study, json.dumps(content, indent=1, sort_keys=True) + "\n")
    return MANIFEST


@cheat(clone="seal")
def study_with_words_of_its_own(study: Forgery) -> str:
    """The manifest says of the study that it has 500 replicates."""
    sealed(study, lambda found: replace(found, study=study.sealed() | {"replicates": 500}))
    return MANIFEST


@cheat(clone="seal")
def sealed_outside(study: Forgery) -> str:
    """The manifest lists a file outside the folder."""
    text = study.read(MANIFEST).decode("ascii")
    rewritten(study, text.replace(f'"{FIGURE}"', '"results/../../outside.png"'))
    return MANIFEST


@cheat(clone="the signature was made for another purpose than tower-rates")
def signed_for_another_purpose(study: Forgery) -> str:
    """The signature is the author's, but was given for files of any kind, not for a seal."""
    place = study.folder / sealed_files.MANIFEST
    (study.folder / sealed_files.SIGNATURE).unlink()
    asked = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(study.folder / "key"), "-n", "file"]
    subprocess.run([*asked, str(place)], check=True, capture_output=True)
    return ""


@cheat(clone="key has expired")
def signed_after_the_key_ended(study: Forgery) -> str:
    """The key was good until 2020, as the auditor's file of signers says."""
    study.replace(SIGNERS, " ssh-ed25519", ' valid-before="20200101" ssh-ed25519')
    return ""


@cheat(empty_root="--root is empty")
def another_root_and_an_empty_one(study: Forgery) -> str:
    """A figure is replaced, all signed; the auditor's variable of the noted root is empty."""
    study.write(FIGURE, study.read("results/figures/slope_comparison.png"))
    study.re_record(FIGURE)
    signed(study, study.sealed())
    return ""
