"""Verification of a folder's results: every file read, nothing run.

Each file is held against the seal, the records of the jobs that made and read it, the code, the
study and the rules that are there, and Snakemake's own notes.
"""

import os
from pathlib import Path

from twotower.audits.seal import manifest, sealed_files, signatures
from twotower.audits.seal.manifest import Manifest, ManifestError
from twotower.audits.verify import (
    asked,
    chain,
    commit,
    frozen,
    origins,
    snakemake_notes,
    statement,
    study,
)
from twotower.audits.verify import environments as environment_checks
from twotower.audits.verify.evidence import Evidence, gather
from twotower.audits.verify.findings import FileVerdict, Verification, several
from twotower.base import safe_names, words
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
    folder, signers = Path(folder), None if signers is None else Path(signers)
    place = folder / sealed_files.MANIFEST
    try:
        sealed, fault = manifest.read(folder), ""
    except ManifestError as error:
        # a seal that is there and cannot be read is not as one that was never made
        sealed, fault = None, str(error) if os.path.lexists(place) else UNSEALED
    result = Verification(faults=[fault] if fault else [])
    if sealed is not None:  # before a file is read by what the seal says of it
        _check_manifest(sealed, result)
        result.signature = signatures.check(place, folder / sealed_files.SIGNATURE, signers)
        if result.signature.state == "bad" or (signers and result.signature.state != "valid"):
            result.faults.append(f"signature: {result.signature.words}")
        result.noted = bool(digits) and result.sealed_root.startswith(digits)
        if not result.sealed_root.startswith(digits):
            result.faults.append(
                f"the seal is not the noted one: its root is {result.sealed_root}, not {digits}"
            )
    elif signers or digits:
        result.faults.append("neither the signature nor the root can be compared without a seal")
    project = sealed_files.project_of(folder) if project is None else project
    evidence = gather(folder, project, sealed)
    judge(evidence, result, signers, authorities)
    if sealed is not None:
        _leave_out(sealed, without, result)
    return result


def nothing_in(folder: Path) -> str:
    """The message on a folder that holds no results."""
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "there is no such folder"
        return f"FOLDER={folder}: {what}; allowed: the folder that holds results/"
    inside = (folder / "seal").is_dir() or (folder / "records").is_dir()
    hint = f"; name the folder that holds it: {folder.parent}" if inside else ""
    return f"FOLDER={folder}: holds no results/{hint}"


def examine(folder: Path, sealed: Manifest | None, project: Path | None = None) -> Verification:
    """Verify a folder against a manifest at hand, which is taken for true."""
    project = sealed_files.project_of(folder) if project is None else project
    return judge(gather(folder, project, sealed), Verification())


def judge(
    evidence: Evidence,
    result: Verification,
    signers: Path | None = None,
    authorities: Path | None = None,
) -> Verification:
    """Give verdicts on evidence that was gathered; arguments as of `verify`. Returns the result."""
    code_digest.forget()
    result.evidence = evidence
    result.size = sum(size for size, _ in evidence.found.values())
    for path in evidence.found:
        result.add(path, "OK", "")
    for path, each in evidence.odd.items():
        result.add(path, "CHANGED" if each.resized else "UNREAD", each.why)
    if evidence.left:
        told = "left by the system or an editor, no part of the study, and read by nothing"
        result.notes.append(f"{several(evidence.left)}: {told}; it may be removed")
    if led := evidence.led_out:
        result.notes.append(
            f"{several(led)}: a link to a file outside, which may change after this"
        )
    if evidence.sealed is not None:
        _check_seal(evidence, result)
    parts = chain, origins, environment_checks, study, asked, commit, frozen, snakemake_notes
    for part in parts if evidence.reads_code else (chain, origins):
        part.check(evidence, result)
    if evidence.reads_code:
        statement.check(evidence, result, signers, authorities)
    else:
        result.faults.append(
            "a part of the code was not read, see above: nothing was compared with the code, nor "
            "were environments, study and statement"
        )
    return result


def _check_seal(evidence: Evidence, result: Verification) -> None:
    """Each file against its entry."""
    sealed = evidence.sealed.files
    for path, entry in sealed.items():
        size, sha256 = evidence.found.get(path, (0, ""))
        if evidence.is_gone(path):
            result.add(path, "MISSING", "it was sealed")
        elif path in evidence.found and (size, sha256) != (entry.bytes, entry.sha256):
            was, now = entry.sha256[:12], sha256[:12]
            if entry.sha256 == sha256:
                was, now = f"{entry.bytes:,} bytes", f"of {size:,}, with the sealed SHA-256"
            result.add(path, "CHANGED", f"sealed with {was}, it is {now}")
        elif path not in evidence.found and path not in evidence.odd:
            result.add(path, "UNREAD", "the folder that it was in cannot be entered")
    for path in {*evidence.found, *evidence.odd} - sealed.keys():
        result.add(path, "EXTRA", "it was not sealed")
    result.root = manifest.of(evidence.sealed.study, evidence.found).root


def _leave_out(sealed: Manifest, without: frozenset[str], result: Verification) -> None:
    """What is missing as the reader expects it to be; of each kind told with how many there are.

    A forger may leave out only what is unwelcome: of a kind some, and not all.
    """
    counts = {}
    for kind in sorted(without):
        every = [path for path, entry in sealed.files.items() if entry.kind == kind]
        gone = [path for path in every if result.files[path].verdict == "MISSING"]
        result.files |= {path: FileVerdict("LEFT OUT") for path in gone}
        counts[kind] = len(gone), len(every)
    if counts:
        partly = [kind for kind, (gone, every) in counts.items() if 0 < gone < every]
        aside = f"; NOT ALL of a kind: {', '.join(partly)}" if partly else ""
        result.notes.insert(0, f"left out as WITHOUT= names: {words.shares(counts)}{aside}")


def _check_manifest(sealed: Manifest, result: Verification) -> None:
    """The manifest against itself: its roots are those of its entries, its lists those of files."""
    name = sealed_files.MANIFEST.as_posix()
    result.sealed_root = sealed.root
    if sealed.fault:
        result.add(name, "FORGED", sealed.fault)
    for path, entry in sealed.files.items():
        kind = "study" if path == sealed.study["file"] else sealed_files.kind_of(path)
        if entry.kind != kind:
            result.add(name, "FORGED", f"it seals {path} as {entry.kind}, which is of {kind}")
    for kind in ("runs", "environments"):
        if manifest.listed(sealed.files, kind) != getattr(sealed, kind):
            result.add(name, "FORGED", f"its list of {kind} is not that of its files")
