"""What an author can do who writes every file, holds the key, and signs what was forged.

Like `forging`, which these tools build on. All of them leave Snakemake's notes and the statement
away, as a folder may be handed over: nothing that a cheat leaves behind may rest on their absence.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from forging import Forgery, warm_python
from twotower.audits.seal import sealed_files, signatures
from twotower.base import identity
from twotower.records import code_digest, job_records, run_records
from twotower.running import statements
from twotower.study import reading

TINY = "workflow/studies/tiny.yaml"
ABOUT = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
RECORD = """
import sys
sys.path.insert(0, "scripts")
import twotower
from twotower.records import run_records
from twotower.study import reading
raw = reading.load_study({study!r}, "study=")
settings = reading.validated(raw, {study!r}).model_dump()
origin = {{"file": {study!r}, "given": {{}}, "content": raw, "settings": settings}}
print(run_records.start(origin, []))
"""


def unstated(study: Forgery, *kept: str) -> None:
    """Take the statement away, and all that names it; Snakemake's notes too, if not kept."""
    for place in {".snakemake", "preregistration", str(statements.STATED)} - {*kept}:
        shutil.rmtree(study.folder / place, ignore_errors=True)
    every_record(study, lambda record: {k: v for k, v in record.items() if k != "statement"})
    study.re_run(lambda run: {k: v for k, v in run.items() if k != "statement"})


def every_record(
    study: Forgery, change: Callable[[dict], dict], rules: Iterable[str] = ()
) -> list[str]:
    """Change the records of all jobs, or of those of some rules; returns their outputs."""
    changed = []
    for output in map(str, job_records.recorded(study.folder)):
        record = study.record(output)
        if not rules or record["rule"] in rules:
            study.write_record(output, change(record))
            changed.append(output)
    return changed


def consistent(study: Forgery, path: str, content: bytes) -> str:
    """Write other bytes of a result, and make its record and those of what was made of it fit."""
    assert study.read(path) != content, f"nothing was changed in {path}"
    study.write(path, content)
    study.re_record(path)
    study.re_chain(path)
    return path


def claimed(study: Forgery, change: Callable[[dict], dict]) -> str:
    """Another study in its file, in a commit, in the record of the run and in the seal.

    Args:
        change: of the study as its file has it.
    """
    unstated(study)
    raw = change(reading.load_study(str(study.folder / TINY), "study="))
    study.write(TINY, (json.dumps(raw, indent=1) + "\n").encode("ascii"))
    commit = committed(study, "The study.")
    settings = run_records.study_digest(reading.validated(raw, TINY).model_dump())
    sha256 = hashlib.sha256(study.read(TINY)).hexdigest()
    told = {"content": raw, "settings": settings, "sha256": sha256}
    told["experiments"] = [*raw["experiments"]]
    rerun(study, lambda run: run | {"commit": commit, "study": run["study"] | told})
    return TINY


def rerun(study: Forgery, change: Callable[[dict], dict], **sealed: object) -> str:
    """Change the record of the run, and have the seal, signed by the author, name it."""
    path = study.re_run(change)
    run = json.loads(study.read(path))
    told = {"run": Path(path).stem, "settings": run["study"]["settings"]}
    before = study.sealed()
    signed(study, before | {k: v for k, v in (told | sealed).items() if k in before})
    return path


def signed(study: Forgery, about: dict | None = None) -> None:
    """Seal all as it is, and sign it with the author's own key."""
    study.reseal(about)
    place, signature = sealed_files.MANIFEST, sealed_files.SIGNATURE
    signatures.sign(study.folder / place, study.folder / signature, study.folder / "key")


def own(study: Forgery, name: str) -> None:
    """Make a folder of a copy its own: git and Snakemake write some of their files in place."""
    kept = study.folder / f"{name}-own"
    shutil.copytree(study.folder / name, kept)
    shutil.rmtree(study.folder / name)
    kept.rename(study.folder / name)


def git(study: Forgery, *arguments: str) -> str:
    """What git says in the study's folder."""
    command = ["git", *ABOUT, *arguments]
    done = subprocess.run(command, cwd=study.folder, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def committed(study: Forgery, message: str) -> str:
    """Commit all as it is; returns the commit."""
    own(study, ".git")
    git(study, "add", "-A")
    git(study, "commit", "-qm", message)
    return git(study, "rev-parse", "HEAD")


def recorded_anew(study: Forgery, **variables: str) -> None:
    """Jobs tell the code that is there, the run records itself as it does, the author signs.

    What comes out when results were made by this code, whose numbers are the same here.
    """
    adopt_code(study)
    (name,) = run_records.names(study.folder)
    (study.folder / run_records.RUNS / f"{name}.json").unlink()
    done = subprocess.run(
        [warm_python.python(), "-c", RECORD.format(study=TINY)], cwd=study.folder,
        env=os.environ | variables, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    signed(study, study.sealed() | {"run": done.stdout.split()[-1]})


def adopt_code(study: Forgery) -> None:
    """Have the records of all jobs name the code that is there."""
    code_digest.forget()
    scripts, folder = code_digest.scripts(study.folder), study.folder / "scripts"

    def told(record: dict) -> dict:
        script = scripts[record["rule"]]
        code = code_digest.code_digest(folder, script)
        return record | {
            "code": code, "bookkeeping": code_digest.bookkeeping_digest(folder, script)
        }  # fmt: skip

    every_record(study, told)


def planted_record(study: Forgery, path: str, like: str) -> None:
    """A record of a file that no job made, as one of the job that made another."""
    told = {"outputs": [path]}
    if (study.folder / path).is_file():
        content = study.read(path)
        told |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    study.write_record(path, study.record(like) | told)


def named(record: dict) -> str:
    """The name that fits a record of a run."""
    return identity.digest(record).hex()[:16]
