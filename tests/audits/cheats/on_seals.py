"""Cheats on the seal and its signature."""

from cheats.on_records import file_and_record
from cheats.registry import MANIFEST, cheat, forged_figure
from forging import Forgery


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


@cheat("root", verify="the seal is not the noted one")
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
