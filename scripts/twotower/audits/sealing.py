"""Sealing a finished study: what makes sealing impossible, and the manifest that is written."""

from pathlib import Path

from twotower.audits.seal import manifest, sealed_files, signatures
from twotower.audits.seal.manifest import Manifest
from twotower.audits.verify import verification
from twotower.audits.verify.evidence import gather
from twotower.audits.verify.findings import Verification
from twotower.base import commands, errors, files, places, words
from twotower.records import last_run, run_records
from twotower.running import resume, survey
from twotower.study import reading

SHOWN = 20  # complaints that are spelled out


class SealError(errors.ExpectedError):
    """A folder that cannot be sealed as it is; the message says what is wrong, line by line."""


def asked(study: str | None) -> tuple[list[str], list[str]]:
    """Targets of the run that is to be sealed, and Snakemake's options that name its study.

    Args:
        study: a file of a study, all of which is meant; None: what the last run was asked for.

    Raises:
        SealError: if no run is known.
    """
    known = ([], commands.options(study)) if study else last_run.asked(Path())
    if known is None:
        raise SealError("no run is known in this folder; `make seal STUDY=…` names the study")
    return known


def seal(study: str | None = None, key: Path | None = None) -> tuple[Manifest, list[str]]:
    """Write the manifest of the study that this folder holds, and sign it with a key.

    Returns:
        The manifest; and what else should be known, in lines.

    Raises:
        SealError: if the study is unfinished, or anything in the folder is not as it was made.
        SignatureError: if the key cannot sign.
        SnakemakeError: if the study cannot be planned.
    """
    name = _run(study)
    wrong = _unfinished(*asked(study))
    if wrong:
        raise SealError(_listed("this study is not finished", wrong, "`make resume` finishes it"))
    ran = run_records.read(name)["study"]
    about = {"file": ran["file"], "settings": ran["settings"], "run": name}
    evidence = gather(Path(), sealed_files.project_of(Path()), None, about["file"])
    sealed = evidence.sealed = manifest.of(about, evidence.found)
    result = verification.judge(evidence, Verification())
    wrong = [f"{path}: {each.reason}" for path, each in result.wrong().items()] + result.faults
    if wrong:
        hint = ("`make resume` makes results anew; files that are not the study's are to be moved, "
                "edits of code since the run to be committed or taken back")  # fmt: skip
        raise SealError(_listed("not all is as it was made", wrong, hint))
    with files.atomic_write(sealed_files.MANIFEST) as temporary:
        temporary.write_text(sealed.text(), encoding="ascii", newline="\n")
    return sealed, _sign(key) + result.notes + [result.run]


def _run(study: str | None) -> str:
    """The digest of the record of the run that has made the study."""
    last = last_run.record(Path())
    known = {name: run for name in run_records.names() if (run := run_records.read(name))}
    if study is None:
        if last not in known:
            raise SealError("the last run left no record; run `make` again, then seal")
        return last
    settings = run_records.study_digest(reading.read_study(study).model_dump())
    fits = [
        name
        for name, run in sorted(known.items())
        if (run["study"]["file"], run["study"]["settings"]) == (places.name(study), settings)
        and not run["targets"]
    ]
    if not fits:
        raise SealError(
            f"{study}: no run of all of this study, as it is now, is recorded here; "
            f"`{commands.make(STUDY=study)}` runs it"
        )
    return last if last in fits else fits[0]


def _unfinished(targets: list[str], about: list[str]) -> list[str]:
    """What a run would still make, and what is not as it was made, in lines."""
    rows = resume.summary([*targets, *about])
    planned = {row["output_file"] for row in rows}
    noted = {row["output_file"] for row in rows if row["log-file(s)"] != "-"}
    found = survey.survey()
    wrong = survey.unsound(found, planned, noted)
    for row in rows:
        if row["plan"] != "no update":
            why = "" if row["status"] == "ok" else f" ({row['status']})"
            wrong.setdefault(row["output_file"], f"Snakemake would make it anew{why}")
    for path in found.unrecorded:
        wrong.setdefault(path, "it has no record: no job of a study made it")
    for place in files.below(sealed_files.CHECKPOINTS):
        wrong.setdefault(place.as_posix(), "a checkpoint: its training has not ended")
    return [f"{path}: {why}" for path, why in wrong.items()]


def _sign(key: Path | None) -> list[str]:
    """Sign the manifest, or let a signature go that is not of it; says what was done."""
    if key is not None:
        signatures.sign(sealed_files.MANIFEST, sealed_files.SIGNATURE, key)
        return [f"signed with {key.name}: {sealed_files.SIGNATURE}"]
    state = signatures.check(sealed_files.MANIFEST, sealed_files.SIGNATURE).state
    if state == "bad":
        sealed_files.SIGNATURE.unlink()
        return ["removed the signature of an earlier seal; KEY= signs this one"]
    kept = state == "unvouched"
    return ["the signature matches this manifest and is kept" if kept else "not signed; KEY= signs"]


def _listed(what: str, lines: list[str], hint: str) -> str:
    shown = words.shortened([f"  {line}" for line in lines], SHOWN)
    return "\n".join([f"{what}:", *shown, f"{hint}."])
