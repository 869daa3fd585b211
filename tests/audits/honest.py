"""What honest people do to sealed results and to clones: none of it may raise an alarm."""

import os
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from authoring import ABOUT, git, own
from commands import trusted
from forging import SIGNERS, Forgery, seal, warm_python
from twotower.records import run_records

NOBODY = 65534
MEMORY = Path("/dev/shm")


@dataclass
class Handed:
    """What is verified, and how: an operation changes it.

    Attributes:
        folder: holds results/.
        clone: the auditor's; the command is given there.
        room: an empty folder, removed afterwards.
        variables: of the command, beside those of the test.
        command: what the command is given by.
    """

    study: Forgery
    folder: Path
    clone: Path
    room: Path
    variables: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)


OPERATIONS: dict[str, Callable[[Handed], None]] = {}


def honest(act: Callable[[Handed], None]) -> Callable[[Handed], None]:
    OPERATIONS[act.__name__.replace("_", " ")] = act
    return act


@contextmanager
def under(umask: int) -> Iterator[None]:
    before = os.umask(umask)
    try:
        yield
    finally:
        os.umask(before)


def at(handed: Handed, folder: Path) -> None:
    """The results lie elsewhere now."""
    handed.folder = folder


@honest
def copied_without_times(handed: Handed) -> None:
    """A plain copy, of files that nobody else may read."""
    with under(0o077):
        shutil.copytree(handed.folder, handed.room / "copy", copy_function=shutil.copyfile)
    at(handed, handed.room / "copy")


@honest
def moved(handed: Handed) -> None:
    """The folder has another name, in another place."""
    handed.folder.rename(handed.room / "Größe 2 (copy)")
    at(handed, handed.room / "Größe 2 (copy)")


@honest
def on_another_file_system(handed: Handed) -> None:
    """A copy in memory."""
    place = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None)) / "copy"
    shutil.copytree(handed.folder, place)
    handed.room.rmdir()
    handed.room.symlink_to(place.parent)
    at(handed, place)


@honest
def packed_by_git(handed: Handed) -> None:
    """Both repositories are packed (`git gc`)."""
    own(handed.study, ".git")
    for place in (handed.folder, handed.clone):
        subprocess.run(["git", "gc", "-q", "--prune=now"], cwd=place, check=True)


@honest
def later_commits_of_the_author(handed: Handed) -> None:
    """README and notes of the author's folder are edited and committed."""
    own(handed.study, ".git")
    handed.study.write("README.md", b"# Later\n")
    git(handed.study, "add", "README.md")
    git(handed.study, "commit", "-qm", "Later.")


@honest
def later_commits_of_the_clone(handed: Handed) -> None:
    """The auditor's clone has other pages, another unrelated command, other bookkeeping."""
    for name in ("README.md", "scripts/doctor.py", "scripts/twotower/records/job_log.py"):
        place = handed.clone / name
        place.write_text(place.read_text(encoding="utf-8") + "\n# Later.\n", encoding="utf-8")
    command = ["git", *ABOUT, "commit", "-qam", "Later."]
    subprocess.run(command, cwd=handed.clone, check=True)


@honest
def notes_beside_the_results(handed: Handed) -> None:
    """Notes, a paper and a notebook lie in the project's folder."""
    for name in ("NOTES.md", "paper/main.tex", "look.ipynb", ".vscode/settings.json"):
        (handed.folder / name).parent.mkdir(exist_ok=True)
        (handed.folder / name).write_text("{}\n", encoding="ascii")


@honest
def through_tar(handed: Handed) -> None:
    """Packed and unpacked, by people who are known nowhere else."""

    def of_nobody(about: tarfile.TarInfo) -> tarfile.TarInfo:
        about.uid = about.gid = about.mtime = 0
        return about

    with tarfile.open(handed.room / "all.tar.gz", "w:gz") as packed:
        packed.add(handed.folder, "all", filter=of_nobody)
    with tarfile.open(handed.room / "all.tar.gz") as packed:
        packed.extractall(handed.room, filter="data")
    at(handed, handed.room / "all")


@honest
def through_zip(handed: Handed) -> None:
    """Packed as zip, which keeps neither rights nor links, and unpacked."""
    with zipfile.ZipFile(handed.room / "all.zip", "w") as packed:
        for path in handed.folder.rglob("*"):
            packed.write(path, path.relative_to(handed.folder))
    with zipfile.ZipFile(handed.room / "all.zip") as packed:
        packed.extractall(handed.room / "all")
    at(handed, handed.room / "all")


@honest
def results_alone(handed: Handed) -> None:
    """Nothing but results/ is handed over; the clone has the code."""
    shutil.copytree(handed.folder / "results", handed.room / "all/results")
    at(handed, handed.room / "all")


@honest
def results_alone_and_a_shallow_clone(handed: Handed) -> None:
    """The same, to a clone of the newest commit alone."""
    results_alone(handed)
    shallow = handed.room / "shallow"
    asked = ["git", "clone", "-q", "--depth=1", f"file://{handed.clone}", str(shallow)]
    subprocess.run(asked, check=True)
    shutil.copy2(handed.clone / SIGNERS, shallow / SIGNERS)
    handed.clone = shallow


@honest
def traces_of_editors(handed: Handed) -> None:
    """Swap files, copies and the notes of a file manager lie about, outside results/."""
    for name in (".DS_Store", "scripts/.DS_Store", "scripts/.verify.py.swp", "Makefile~",
                 "workflow/rules/._train.smk", "config.yaml.orig",
                 "scripts/verify.py~"):  # fmt: skip
        (handed.folder / name).write_bytes(b"\0\0\0\1Bud1")


@honest
def sealed_again(handed: Handed) -> None:
    """`make seal` once more gives the same bytes and keeps the signature."""
    paths = ("results/seal/manifest.json", "results/seal/manifest.json.sig")
    before = [handed.study.read(path) for path in paths]
    seal(handed.folder)
    assert [handed.study.read(path) for path in paths] == before


@honest
def run_again(handed: Handed) -> None:
    """The study is run again, where there is nothing to do, and sealed."""
    own(handed.study, ".snakemake")
    (name,) = run_records.names(handed.folder)
    targets = run_records.read(name, handed.folder)["targets"]
    asked = [warm_python.python(), "-m", "snakemake", *targets, "--cores", "1", "--config",
             "study=workflow/studies/tiny.yaml"]  # fmt: skip
    done = subprocess.run(asked, cwd=handed.folder, capture_output=True, encoding="utf-8")
    assert done.returncode == 0 and "Nothing to be done" in done.stdout + done.stderr
    seal(handed.folder, "--key", "key")


@honest
def commands_were_given_there(handed: Handed) -> None:
    """Commands in the folder have left compiled code of theirs."""
    subprocess.run([warm_python.python(), "scripts/verify.py"], cwd=handed.folder,
                   check=True, capture_output=True)  # fmt: skip
    compiled = handed.folder / "scripts/twotower/__pycache__"
    compiled.mkdir(exist_ok=True)
    (compiled / "x.cpython-311.pyc").write_bytes(b"x")


@honest
def elsewhere_in_the_world(handed: Handed) -> None:
    """Another language, another time zone, another order of sets."""
    handed.variables = {"LC_ALL": "C", "LANG": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu",
                        "PYTHONHASHSEED": "5"}  # fmt: skip


@honest
def other_rights(handed: Handed) -> None:
    """All files can be run by everybody, as on a disk of another system."""
    shutil.copytree(handed.folder, handed.room / "copy")
    for path in (handed.room / "copy").rglob("*"):
        path.chmod(0o777)
    at(handed, handed.room / "copy")


@honest
def read_by_another_user(handed: Handed) -> None:
    """Somebody who may read all of it, and change nothing, verifies it."""
    shutil.copytree(handed.folder, handed.room / "copy")
    for path in (handed.room / "copy").rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
        if not os.getuid():
            os.chown(path, NOBODY, NOBODY)
    at(handed, handed.room / "copy")
    if not os.getuid() and shutil.which("setpriv"):  # what root may do elsewhere, it may not here
        handed.command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


@honest
def results_on_another_disk(handed: Handed) -> None:
    """results/ is a link to a folder elsewhere."""
    (handed.folder / "results").rename(handed.room / "results")
    (handed.folder / "results").symlink_to(handed.room / "results")


def verified(name: str, study: Forgery, room: Path) -> tuple[bool, str]:
    """Whether verify raises no alarm after an operation, and what it said."""
    clone = trusted(study)
    shutil.copy2(study.folder / SIGNERS, clone / SIGNERS)
    room.mkdir()
    handed = Handed(study, study.folder, clone, room)
    try:
        OPERATIONS[name](handed)
        done = subprocess.run(
            [*handed.command, warm_python.python(), "-B", "scripts/verify.py",
             "--folder", str(handed.folder), "--signers", SIGNERS],
            cwd=handed.clone, env=os.environ | handed.variables, capture_output=True,
            encoding="utf-8", errors="replace",
        )  # fmt: skip
    finally:
        if room.is_symlink():
            shutil.rmtree(room.resolve())
    said = done.stdout + done.stderr
    return done.returncode == 0 and "Traceback" not in said, said
