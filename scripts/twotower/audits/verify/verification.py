"""Verification of a folder's results: every file read, nothing run.

Each file is held against the seal, the records of the jobs that made and read it, the code, the
study and the rules that are there, and Snakemake's own notes.
"""

import json
import os
from pathlib import Path

from twotower.audits.seal import manifest, sealed_files, signatures
from twotower.audits.seal.manifest import Manifest, ManifestError
from twotower.audits.verify import chain, commit, snakemake_notes, statement, study
from twotower.audits.verify import environments as environment_checks
from twotower.audits.verify.evidence import Evidence, gather
from twotower.audits.verify.findings import FileVerdict, Verification
from twotower.base import safe_names
from twotower.records import code_digest

UNSEALED = "there is no seal: a file that was changed together with its record is not found"


def verify(
    folder: str | Path = ".",
    signers: str | Path | None = None,
    root: str | None = None,
    project: Path | None = None,
    without: frozenset[str] = frozenset(),
    authorities: Path | None = None,
) -> Verification:
    """Verify what is in a folder.

    Args:
        signers: a file of allowed signers, as ssh-keygen has it: the seal must be signed by one.
        root: the root that was noted elsewhere when the folder was sealed, or its beginning.
        project: where the code is; by default the folder itself, or else here.
        without: kinds of sealed files (`sealed_files.FILE_KINDS`) that may be missing.
        authorities: certificates, in PEM, of authorities whose time stamps the reader trusts.

    Raises:
        SignatureError, StampError: if there is no file of signers, or of authorities, where one is
            named.
        NotedError: if the root is none, or too little of one.
    """
    digits = safe_names.beginning_of_hash("ROOT", root)
    folder = Path(folder)
    place = folder / sealed_files.MANIFEST
    signers = None if signers is None else Path(signers)
    try:
        sealed, fault = manifest.read(folder), ""
    except ManifestError as error:
        # a seal that is there and cannot be read is not as one that was never made
        sealed, fault = None, str(error) if os.path.lexists(place) else UNSEALED
    result = examine(folder, sealed, project)
    statement.check_vouchers(folder, signers, authorities, result)
    if sealed is not None:
        _leave_out(sealed, without, result)
    if fault:
        result.faults.append(fault)
        if signers or digits:
            result.faults.append(
                "neither the signature nor the root can be compared without a seal"
            )
        return result
    _check_manifest(place, sealed, result)
    result.signature = signatures.check(place, folder / sealed_files.SIGNATURE, signers)
    if result.signature.state == "bad" or (signers and result.signature.state != "valid"):
        result.faults.append(f"signature: {result.signature.words}")
    if not result.sealed_root.startswith(digits):
        result.faults.append(
            f"the seal is not the noted one: its root is {result.sealed_root}, not {digits}"
        )
    return result


def nothing_in(folder: Path) -> str:
    """The message on a folder that holds no results."""
    inside = (folder / "seal").is_dir() or (folder / "records").is_dir()
    hint = f"; name the folder that holds it: {folder.parent}" if inside else ""
    return f"FOLDER={folder}: holds no results/{hint}"


def examine(folder: Path, sealed: Manifest | None, project: Path | None = None) -> Verification:
    """Verify a folder against a manifest at hand, which is taken for true."""
    code_digest.forget()
    project = sealed_files.project_of(folder) if project is None else project
    evidence = gather(folder, project, sealed)
    read = [size for size, sha256 in evidence.found.values() if sha256 != sealed_files.UNREAD]
    result = Verification(size=sum(read))
    for path in evidence.found:
        result.files.setdefault(path, FileVerdict())
    for path, why in evidence.odd.items():
        result.add(path, "EXTRA", f"{why}: it was not opened; a seal cannot hold it")
    if sealed is not None:
        _check_seal(evidence, result)
    for part in (chain, environment_checks, study, commit, snakemake_notes,
                 statement):  # fmt: skip
        part.check(evidence, result)
    return result


def _check_seal(evidence: Evidence, result: Verification) -> None:
    """Each file against its entry."""
    sealed = evidence.sealed.files
    for path, entry in sealed.items():
        found = evidence.found.get(path)
        if found is None:
            result.add(path, "MISSING", "it was sealed")
        elif found != (entry.bytes, entry.sha256):
            was, now = entry.sha256[:12], found[1][:12]
            if found[1] == sealed_files.UNREAD:
                was, now = f"{entry.bytes:,} bytes", f"of {found[0]:,}, and was not read"
            elif entry.sha256 == found[1]:
                was, now = f"{entry.bytes:,} bytes", f"of {found[0]:,}, with the sealed SHA-256"
            reason = f"sealed with {was}, it is {now}"
            result.add(path, "CHANGED", reason)
    for path in evidence.found.keys() - sealed.keys():
        checkpoint = path.startswith("results/checkpoints/")
        why = "a checkpoint, which no finished study has" if checkpoint else "it was not sealed"
        result.add(path, "EXTRA", why)
    as_is = {
        path: manifest.Entry(
            sealed[path].kind if path in sealed else sealed_files.kind_of(path), size, sha256
        )
        for path, (size, sha256) in evidence.found.items()
    }
    runs, environments = sorted(evidence.runs), sorted(evidence.environments)
    header = evidence.sealed.study, tuple(runs), tuple(environments)
    result.root = Manifest(*header, as_is).root


def _leave_out(sealed: Manifest, without: frozenset[str], result: Verification) -> None:
    """What is missing as the reader expects it to be."""
    for path, entry in sealed.files.items():
        if entry.kind in without and result.files[path].verdict == "MISSING":
            result.files[path] = FileVerdict("LEFT OUT")


def _check_manifest(place: Path, sealed: Manifest, result: Verification) -> None:
    """The manifest against itself: its roots are those of its entries, its lists those of files."""
    name = sealed_files.MANIFEST.as_posix()
    text = place.read_text(encoding="ascii")
    result.sealed_root = sealed.root
    stated = json.loads(text).get("root")
    if stated != sealed.root:
        reason = f"it states the root {stated}, its entries have {sealed.root}"
        result.add(name, "FORGED", reason)
    elif text != sealed.text():
        result.add(name, "FORGED", "it is not as `make seal` writes it")
    for kind, names in (("runs", sealed.runs), ("environments", sealed.environments)):
        listed = [
            Path(path).stem
            for path in sealed.files
            if Path(path).parent.as_posix() == f"results/records/{kind}" and path.endswith(".json")
        ]
        if sorted(listed) != list(names):
            result.add(name, "FORGED", f"its list of {kind} is not that of its files")
