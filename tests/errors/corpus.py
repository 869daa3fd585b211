"""The corpus of bad input, and how long each of its messages takes.

    .venv/bin/python tests/errors/corpus.py

bad_input/*.yaml are the tables. A case has

    name: what is wrong
    given: shell lines that set it up; study.yaml is a good study of one cell
    run: the command line
    says: texts that its output must hold: the place, the value, the remedy
    needs: user, root or mount, where it can be tried by such a user, or with such rights, alone
    by: snakemake, where Snakemake stops before the project is asked, in words of its own
    changes: files that the command line may leave (by default: none, but for .snakemake)

Cases run for real, each in a folder of its own that has the project's files: copies of those that
a case may change, links to the rest. The command above runs them one after another and prints their
seconds, the slowest first, beside those of a good study's dry run in the same minutes; it ends with
an error where one takes longer than `SECONDS`.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from twotower.audits.vary import varied_runs  # noqa: E402
from twotower.base.pins import PINS  # noqa: E402

COPIED = ["Snakefile", "Makefile", "README.md", "config.yaml", "profiles", "envs", "workflow"]
LINKED = ["scripts", "docs", "benchmarks"]
STUDY = """\
name: small
seed: 1
replicates: 2
sample_sizes: [64, 512]
test_pairs: 256
certificate_sizes: [64]
arms:
  erm: {alternations: 1, joint_steps: 2}
experiments:
  one: {title: One, vary: {smoothness: [1.0]}}
"""
SECTIONS = [
    section
    for table in sorted((Path(__file__).parent / "bad_input").glob("*.yaml"))
    for section in yaml.safe_load(table.read_text(encoding="utf-8"))
]
CASES = {case["name"]: case for section in SECTIONS for case in section["cases"]}
GOOD = {"name": "a good study", "run": "snakemake --dry-run --quiet --config study=study.yaml"}
SECONDS = 5.0
"""In which a message must stand there on a quiet machine, by the project's requirements."""
PATIENCE = 180
"""Seconds after which a case is stopped: it hangs."""
_DIGEST = re.compile(r"/[0-9a-f]{16}\.json")


@dataclass
class Told:
    """What a case did: exit status, all that it printed, its seconds, files gained or lost."""

    status: int
    output: str
    seconds: float
    changed: set[str]


def build(folder: Path, programs: Path | None) -> None:
    """The project's files and a good study; an environment that `make` takes for installed."""
    folder.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    varied_runs.own_environment(folder)
    if programs is not None:
        (folder / ".venv/bin").unlink()
        (folder / ".venv/bin").symlink_to(programs)
    for made in ("installed", "installed-dev"):  # newer than envs/, so that nothing is installed
        (folder / ".venv" / made).touch()


def listing(folder: Path) -> set[str]:
    """Every path below a folder but Snakemake's own, and changes of this checkout that no commit
    holds; names that are digests as *."""
    found = set()
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".snakemake", "__pycache__")]
        found |= {os.path.relpath(os.path.join(place, name), folder) for name in folders + files}
    return {_DIGEST.sub("/*.json", path) for path in found if not path.endswith(".diff")}


def run(case: dict, folder: Path, programs: Path | None = None) -> Told:
    """Set a case up and run its command, with the environment's bin/ or other programs there."""
    build(folder, programs)
    kept = {key: value for key, value in os.environ.items() if key not in PINS}
    kept.pop("SNAKEMAKE_PROFILE", None)
    kept["PATH"] = f"{folder}/.venv/bin:{kept['PATH']}"
    shell = {"cwd": folder, "env": kept, "stdin": subprocess.DEVNULL}
    subprocess.run(["bash", "-c", case.get("given", ":")], check=True, **shell)
    before, began = listing(folder), time.monotonic()
    done = subprocess.run(
        ["timeout", "-k", "1", str(PATIENCE), "bash", "-c", case["run"]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **shell,
    )
    seconds = time.monotonic() - began
    output = done.stdout.decode("utf-8", errors="replace")
    return Told(done.returncode, output, seconds, before ^ listing(folder))


def wanting(case: dict) -> str:
    """Why a case cannot be tried here, or ""."""
    if case.get("needs") == "user" and os.geteuid() == 0:
        return "root reads every file"
    if case.get("needs") == "root" and os.geteuid() != 0:
        return "none but root gives files away"
    mount = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    if case.get("needs") == "mount" and (
        not shutil.which("unshare") or subprocess.run(mount, capture_output=True).returncode
    ):
        return "mounting is not allowed here"
    return ""


def main() -> None:
    tried = [GOOD, *(case for case in CASES.values() if not wanting(case))]
    with tempfile.TemporaryDirectory() as base:
        told = {case["name"]: run(case, Path(base) / f"{i}") for i, case in enumerate(tried)}
    good = told.pop(GOOD["name"])
    if good.status != 0:
        sys.exit(f"the good study fails:\n{good.output}")
    print(f"{good.seconds:6.2f} s        {GOOD['name']}, its dry run")
    for name, found in sorted(told.items(), key=lambda item: -item[1].seconds):
        print(f"{found.seconds:6.2f} s {found.seconds / good.seconds:5.2f}x {name}")
    late = sum(found.seconds >= SECONDS for found in told.values())
    sys.exit(f"{late} of {len(told)} take {SECONDS:.0f} s or longer" if late else 0)


if __name__ == "__main__":
    main()
