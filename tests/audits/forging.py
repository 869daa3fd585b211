"""The tools of a forger: edits that keep times, records that fit them, seals that fit these.

Everything works on a copy of a finished, sealed study. Copies share their files with the original
(hard links) and cost next to nothing: a file that is written is replaced, never edited in place.
"""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / part) for part in ("scripts", "tests/unit", "tests/warm")]

import warm_python  # noqa: E402

from time_authority import Authority  # noqa: E402
from twotower.audits.seal import manifest, sealed_files, signatures  # noqa: E402
from twotower.audits.verify import snakemake_notes  # noqa: E402
from twotower.base import files, identity  # noqa: E402
from twotower.records import environment, job_records, run_records  # noqa: E402
from twotower.records.reading import canonical  # noqa: E402
from twotower.running import statements  # noqa: E402

STUDY = "workflow/studies/tiny.yaml"
PARTS = ("Snakefile", "Makefile", "config.yaml", "pyproject.toml", "README.md", "envs", "profiles",
         "scripts", "workflow")  # fmt: skip
SIGNERS, SIGNER = "allowed_signers", "auditor@example.org"
AUTHORITY = "key-authority"  # of time stamps: its folder


class Forgery:
    """A finished, sealed study that may be forged; paths are as the manifest has them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def first(self, pattern: str, number: int = 0) -> str:
        """The path of a file by a pattern, sorted: the first, or another one."""
        found = sorted(self.folder.glob(pattern))
        return found[number].relative_to(self.folder).as_posix()

    def read(self, path: str) -> bytes:
        return (self.folder / path).read_bytes()

    def write(self, path: str, content: bytes) -> None:
        """Replace a file by another with the same times; or write a new one."""
        place = self.folder / path
        times = os.stat(place) if place.exists() else None
        with files.atomic_write(place) as temporary:
            temporary.write_bytes(content)
        if times is not None:
            os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace the first `old`, which must be there, in a file of text."""
        text = self.read(path).decode("utf-8")
        assert old in text, f"{old!r} in {path}"
        self.write(path, text.replace(old, new, 1).encode("utf-8"))

    def edit_table(self, path: str, change: Callable[[list[dict]], list[dict]]) -> None:
        """Change the rows of a CSV file."""
        reader = csv.DictReader(io.StringIO(self.read(path).decode("utf-8")))
        rows, columns = list(reader), reader.fieldnames
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(change(rows))
        assert text.getvalue().encode() != self.read(path), f"nothing was changed in {path}"
        self.write(path, text.getvalue().encode("utf-8"))

    def flip(self, path: str) -> None:
        """Flip one bit in the middle of a file."""
        content = bytearray(self.read(path))
        content[len(content) // 2] ^= 1
        self.write(path, bytes(content))

    def swap(self, one: str, other: str) -> None:
        """Each file under the other's name."""
        first, second = self.read(one), self.read(other)
        assert first != second, f"{one} and {other} are equal"
        self.write(one, second)
        self.write(other, first)

    def record_path(self, path: str) -> str:
        return job_records.record_path(path).as_posix()

    def record(self, path: str) -> dict:
        """The record of an output, without its own digest."""
        return job_records.read(path, self.folder)

    def write_record(self, path: str, record: dict) -> None:
        """Write a record with the digest that fits it."""
        content = record | {"record": identity.digest(record).hex()}
        self.write(self.record_path(path), canonical.text(content, 2).encode("ascii"))

    def re_record(self, path: str) -> None:
        """Make an output's own record fit its bytes."""
        content = self.read(path)
        told = {"bytes": len(content), "sha256": files.sha256(self.folder / path)}
        self.write_record(path, self.record(path) | told)

    def re_chain(self, path: str) -> None:
        """Make the records of all that was made of a file fit its bytes."""
        sha256 = files.sha256(self.folder / path)
        for output in map(str, job_records.recorded(self.folder)):
            record = self.record(output)
            if path in record["inputs"]:
                self.write_record(output, record | {"inputs": record["inputs"] | {path: sha256}})

    def note(self, path: str) -> str:
        """The path of Snakemake's note of an output."""
        notes = snakemake_notes.noted(self.folder)
        return notes[path].relative_to(self.folder).as_posix()

    def edit_note(self, path: str, change: Callable[[dict], dict]) -> str:
        """Change Snakemake's note of an output; returns its path."""
        place = self.note(path)
        self.write(place, json.dumps(change(json.loads(self.read(place)))).encode("utf-8"))
        return place

    def re_note_inputs(self, path: str) -> None:
        """Make Snakemake's notes of all that was made of a file fit its bytes."""
        sha256 = f"sha256:{files.sha256(self.folder / path)}"
        for output in snakemake_notes.noted(self.folder):
            note = json.loads(self.read(self.note(output)))
            if path in (note.get("input_checksums") or {}):
                checksums = note["input_checksums"] | {path: sha256}
                self.edit_note(output, lambda old, new=checksums: old | {"input_checksums": new})

    def re_environment(self, change: Callable[[dict], dict], which: Callable[[dict], bool]) -> None:
        """Have jobs been run in a changed environment, as honest recording would tell it."""
        for output in map(str, job_records.recorded(self.folder)):
            record = self.record(output)
            if which(record):
                found = environment.read(record["environment"], self.folder)
                name = environment.save(change(json.loads(json.dumps(found))), self.folder)
                self.write_record(output, record | {"environment": name})

    def re_run(self, change: Callable[[dict], dict]) -> str:
        """Replace the record of the run by a changed one under the name that fits; returns that."""
        (name,) = run_records.names(self.folder)
        run = change(run_records.read(name, self.folder))
        (self.folder / run_records.RUNS / f"{name}.json").unlink()
        path = (run_records.RUNS / f"{run_records.digest(run)}.json").as_posix()
        self.write(path, canonical.text(run, 2).encode("ascii"))
        return path

    def reseal(self, study: dict | None = None) -> None:
        """Write the manifest anew for all as it is; no signature fits it, so that goes."""
        sealed = manifest.build(self.folder, study, self.folder)
        self.write(sealed_files.MANIFEST.as_posix(), sealed.text().encode("ascii"))
        (self.folder / sealed_files.SIGNATURE).unlink()

    def restate(
        self,
        change: Callable[[dict], dict],
        stated: Mapping[str, bytes] = MappingProxyType({}),
        jobs: bool = True,
    ) -> None:
        """Replace the statement and parts of it; the records of run and jobs, and the seal, fit.

        No signature and no time stamp fits it, so these go. Without `jobs` their records stay.
        """
        place = self.folder / statements.STATED
        for name in (statements.SIGNATURE, statements.TOKEN, statements.AUTHORITIES):
            (place / name).unlink()
        content = statements.read(place).content
        for name, text in stated.items():
            self.write((statements.STATED / name).as_posix(), text)
            content["files"][name] = files.sha256(place / name)
        text = canonical.text(change(content)).encode("ascii")
        self.write((statements.STATED / statements.NAME).as_posix(), text)
        sha256 = {"statement": statements.read(place).sha256}
        for output in map(str, job_records.recorded(self.folder)) if jobs else ():
            self.write_record(output, self.record(output) | sha256)
        path = self.re_run(lambda run: run | sha256)
        self.reseal(self.sealed() | {"run": Path(path).stem})

    def sealed(self) -> dict:
        """What the manifest says of the study."""
        return dict(manifest.read(self.folder).study)

    def sign_with_another_key(self) -> None:
        new_key(self.folder / "key-of-another")
        place = self.folder / sealed_files.MANIFEST
        key = self.folder / "key-of-another"
        signatures.sign(place, self.folder / sealed_files.SIGNATURE, key)


def finished(
    place: Path, changes: Mapping[str, str] = MappingProxyType({}), targets: Sequence[str] = ()
) -> Forgery:
    """State the tiny study in a copy of the project, run it, seal it; all signed with a new key.

    Args:
        changes: of the study's file: text to be replaced, and what by.
        targets: what is to be made of the study; all without any.
    """
    copy_project(place, changes)
    new_key(place / "key")
    public = (place / "key.pub").read_text(encoding="ascii").strip()
    (place / SIGNERS).write_text(f"{SIGNER} {public}\n", encoding="ascii")
    authority = Authority(place.resolve() / AUTHORITY)
    stamped = ["--tsa", authority.address, "--tsa-ca", str(authority.root)]
    make(place, "preregister", STUDY, "--key", "key", *stamped)
    authority.close()
    python = [warm_python.python(), "-m", "snakemake"]
    said = subprocess.run(
        [*python, *targets, "--config", f"study={STUDY}", "--cores", "2"],
        cwd=place, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr
    seal(place, "--key", "key")
    return Forgery(place)


def copy_project(place: Path, changes: Mapping[str, str]) -> None:
    """The project as someone has it who just fetched it, committed to a git of its own.

    Args:
        changes: of the study's file, before it is committed.
    """
    place.mkdir(parents=True)
    for part in PARTS:
        if (ROOT / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / part, place / part, ignore=ignored)
        else:
            shutil.copy2(ROOT / part, place / part)
    for old, new in changes.items():
        Forgery(place).replace(STUDY, old, new)
    about = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    ignored = "results/\n.snakemake/\n__pycache__/\n/key*\n/allowed_signers\n"
    (place / ".gitignore").write_text(ignored, encoding="ascii")
    for command in (["init", "-q"], ["add", "-A"], [*about, "commit", "-qm", "All."]):
        subprocess.run(["git", *command], cwd=place, check=True, capture_output=True)


def new_key(place: Path) -> None:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(place)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def seal(folder: Path, *options: str) -> subprocess.CompletedProcess:
    """What `make seal` does there; returns what it said."""
    return make(folder, "seal", *options)


def make(folder: Path, script: str, *options: str) -> subprocess.CompletedProcess:
    """What a script of the project does there; returns what it said."""
    command = [warm_python.python(), f"scripts/{script}.py", *options]
    kept = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"}
    done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def copied(origin: Forgery, place: Path) -> Forgery:
    """A copy with its times; it shares the files with the original until they are written."""
    ignored = shutil.ignore_patterns("__pycache__", "logs", "log", "*.tsv", "auxiliary")
    shutil.copytree(origin.folder, place, ignore=ignored, copy_function=os.link)
    return Forgery(place)
