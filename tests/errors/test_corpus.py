"""The corpus of bad input: every case gets its message, soon, and leaves no file.

corpus.yaml is the table. Its cases run for real, two at a time, each in a folder of its own that
has the project's files: copies of those that a case may change, links to the rest.
"""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from twotower.pins import PINS

ROOT = Path(__file__).parents[2]
COPIED = ["Snakefile", "Makefile", "README.md", "config.yaml", "profiles", "envs", "workflow"]
LINKED = ["scripts", "docs"]
STUDY = """\
name: small
seed: 1
replicates: 2
sample_sizes: [64, 512]
test_pairs: 256
certificate_size: 64
arms:
  erm: {alternations: 1, joint_steps: 2}
experiments:
  one: {title: One, vary: {smoothness: [1.0]}}
"""
SECTIONS = yaml.safe_load((Path(__file__).parent / "corpus.yaml").read_text(encoding="utf-8"))
CASES = {case["name"]: case for section in SECTIONS for case in section["cases"]}
SECONDS = 5.0
"""In which a message must stand there, by the requirements of the project."""

# Its second argument gets the CPU seconds of the first, of all its processes.
TIMED = 'TIMEFORMAT="%U %S"; { time timeout -k 1 180 bash -c "$1" 2>&1; } 2> "$2"'


@dataclass
class Told:
    """What a case did: exit status, all that it printed, its seconds, files gained or lost."""

    status: int
    output: str
    seconds: float
    changed: set[str]


def build(folder: Path) -> None:
    """The project's files and a good study; an environment that `make` takes for installed."""
    folder.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    (folder / ".venv").mkdir()
    for part in Path(sys.prefix).iterdir():
        if not part.name.startswith("installed"):
            (folder / ".venv" / part.name).symlink_to(part)
    for made in ("installed", "installed-dev"):  # newer than envs/, so that nothing is installed
        (folder / ".venv" / made).touch()


def listing(folder: Path) -> set[str]:
    """Every path below a folder but Snakemake's own, its records and logs."""
    found = set()
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".snakemake", "__pycache__")]
        found |= {os.path.relpath(os.path.join(place, name), folder) for name in folders + files}
    return found


def run(case: dict, folder: Path) -> Told:
    """Set a case up and run its command."""
    build(folder)
    kept = {key: value for key, value in os.environ.items() if key not in PINS}
    kept.pop("SNAKEMAKE_PROFILE", None)
    kept["PATH"] = f"{folder}/.venv/bin:{kept['PATH']}"
    shell = {"cwd": folder, "env": kept, "stdin": subprocess.DEVNULL}
    subprocess.run(["bash", "-c", case.get("given", ":")], check=True, **shell)
    before = listing(folder)
    began, quiet = time.monotonic(), os.getloadavg()[0] <= (os.cpu_count() or 1) + 1
    done = subprocess.run(
        ["bash", "-c", TIMED, "-", case["run"], spent := folder.with_suffix(".spent")],
        stdout=subprocess.PIPE,
        **shell,
    )
    # Where others load the machine, the clock tells of them: then the work done is counted.
    seconds = time.monotonic() - began
    if not quiet:
        seconds = min(seconds, sum(map(float, spent.read_text().split()[-2:])))
    output = done.stdout.decode("utf-8", errors="replace")
    return Told(done.returncode, output, seconds, before ^ listing(folder))


def wanting(case: dict) -> str:
    """Why a case cannot be tried here, or ""."""
    if case.get("needs") == "user" and os.geteuid() == 0:
        return "root reads every file"
    mount = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    if case.get("needs") == "mount" and (
        not shutil.which("unshare") or subprocess.run(mount, capture_output=True).returncode
    ):
        return "mounting is not allowed here"
    return ""


@pytest.fixture(scope="module")
def told(request, tmp_path_factory):
    """Case → what it did, for those that were selected; all of them started at once."""
    names = [
        item.callspec.params["name"]
        for item in request.session.items
        if getattr(item, "module", None) is request.module and hasattr(item, "callspec")
    ]
    base = tmp_path_factory.mktemp("corpus")
    with ThreadPoolExecutor(max_workers=2) as pool:
        waiting = {
            name: pool.submit(run, CASES[name], base / f"{index}")
            for index, name in enumerate(names)
            if not wanting(CASES[name])
        }
        yield lambda name: waiting[name].result()


@pytest.mark.parametrize("name", CASES)
def test_bad_input_gets_its_message_and_leaves_no_file(name, told):
    case = CASES[name]
    if reason := wanting(case):
        pytest.skip(reason)
    found = told(name)
    assert found.status != 0, found.output
    for words in case["says"]:
        assert words in found.output
    assert found.seconds < SECONDS
    assert found.changed == set(case.get("changes", []))
    if case.get("by") != "snakemake":
        assert "Traceback" not in found.output


def test_the_corpus_is_large_and_says_each_thing_once():
    assert len(CASES) == sum(len(section["cases"]) for section in SECTIONS) >= 60
    assert all(case["says"] for case in CASES.values())


def test_a_script_whose_reader_leaves_ends_quietly():
    """As `python scripts/plan.py | head` does."""
    line = f"{sys.executable} scripts/plan.py config.yaml --pace 1 | head -n 1"
    done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.stdout and not done.stderr
