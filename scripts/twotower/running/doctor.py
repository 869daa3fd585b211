"""What a bug report needs, and what stops this machine from running: facts, and faults to mend.

It must work in the most broken environment, even in an old Python without packages. For this
reason only Python's own library is imported at the top, and newer syntax is avoided. It shows no
names of hosts or users, no variables but the pins, and no path outside the project.
"""

from __future__ import annotations

import os
import platform
import re
import shlex
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

from twotower.base import words
from twotower.records import git
from twotower.running import machine
from twotower.running.machine import REINSTALL, Section, said, text_of

LEAST_PYTHON = (3, 11)


def examine(root: Path, study: str, before: dict[str, str]) -> list[Section]:
    """All sections, for the project in `root`; `before` holds the pins as the shell had them."""
    parts = [
        lambda: project(root),
        lambda: python(root),
        lambda: packages(root),
        machine.processor,
        lambda: machine.pins(before),
        machine.graphics,
        lambda: machine.disk(root),
        lambda: snakemake(root),
        machine.slurm,
        machine.vouching,
        lambda: inputs(root, study),
    ]
    sections = []
    for part in parts:
        try:
            sections.append(part())
        except Exception as error:  # one broken thing must not hide the others
            text = f"could not be examined: {type(error).__name__}: {error}"
            sections.append(Section("unknown", [("", text)]))
    return sections


def report(sections: list[Section]) -> str:
    """The sections as text, then what is to be mended and what may matter."""
    width = 2 + max(len(name) for section in sections for name, _ in section.facts)
    lines = []
    for section in sections:
        lines.append(section.title)
        for name, text in section.facts:
            lines.append(f"  {name:<{width}}{text}".rstrip())
        lines.append("")
    for title, kind in (("To be mended", "faults"), ("May matter", "notes")):
        told = [pair for section in sections for pair in getattr(section, kind)]
        if told:
            lines.append(title)
            for what, how in told:
                lines += [f"  - {what}"] + ([f"    {how}"] if how else [])
            lines.append("")
    able = not any(section.faults for section in sections)
    lines.append("Able to run." if able else "Not able to run: mend what is named above.")
    return "\n".join(lines)


def project(root: Path) -> Section:
    """Version and commit; if git does not name the commit, the reason and the remedy."""
    version = re.search(r'^version = "(.+)"', text_of(root / "pyproject.toml"), re.MULTILINE)
    found = Section("Project", [("tower-rates", version[1] if version else "unknown version")])
    commit = "unknown"
    try:
        commit = git.commit(root, patience=10)[:12]
        count = len(git.changed(root, patience=10))
        files = words.count(count, "changed file")
        text = f"{files} that no commit holds" if count else "nothing changed"
        found.facts.append(("commit", f"{commit}, {text}"))
    except git.GitError as error:
        found.facts.append(("commit", f"{commit}: see what may matter, below"))
        reason, remedy = _discreet(error, root)
        found.notes.append((f"git does not name the commit, or the changes: {reason}", remedy))
    return found


def _discreet(error: git.GitError, root: Path) -> tuple[str, str]:
    """Reason and remedy without the paths of the project and of the home folder: they name users.

    The remedy is to be typed in the project's folder.
    """
    reason = error.reason.replace(f"{root}{os.sep}", "").replace(str(root), "this folder")
    remedy = error.remedy
    for own in (root / ".git", root):
        shown = '"$PWD"' + str(own)[len(str(root)) :]
        remedy = remedy.replace(shlex.quote(str(own)), shown).replace(str(own), shown)
    home = str(Path.home()) + os.sep
    return tuple(text.replace(home, f"~{os.sep}") for text in (reason, remedy))


def python(root: Path) -> Section:
    """Interpreter, system and encoding."""
    version = sys.version.split()[0]
    where = ".venv" if Path(sys.prefix) == root / ".venv" else "not the project's .venv"
    if Path(sys.prefix).resolve() == (root / ".venv").resolve():
        where = ".venv"
    found = Section("Python")
    found.facts.append(("version", f"{platform.python_implementation()} {version}, {where}"))
    found.facts.append(("system", f"{platform.system()} {platform.machine()}, {_libc()}"))
    found.facts.append(("encoding", sys.getfilesystemencoding()))
    if sys.version_info[:2] < LEAST_PYTHON:
        what = f"Python {version} is too old, 3.11 or newer is needed"
        found.faults.append((what, "make PYTHON=python3.11, or any newer one that is installed"))
    if not (root / ".venv" / "installed").exists():
        found.notes.append(("The project's environment, .venv, is not installed", "make"))
    return found


def packages(root: Path) -> Section:
    """What is installed against the pins."""
    pinned = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;#]+)", re.MULTILINE)
    wanted = dict(pinned.findall(text_of(root / "envs/requirements.txt")))  # torch stands twice
    missing, other = [], []
    for name, pin in wanted.items():
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(f"{name} {pin}")
            continue
        if version.split("+")[0] != pin.split("+")[0]:
            other.append(f"{name} {version}, pinned {pin}")
    found = Section("Packages")
    as_pinned = len(wanted) - len(missing) - len(other)
    found.facts.append(("as pinned", f"{as_pinned} of {len(wanted)} in envs/requirements.txt"))
    found.facts += [("missing", name) for name in missing]
    found.facts += [("otherwise", name) for name in other]
    if missing:
        found.faults.append((f"{len(missing)} packages are missing, named above", REINSTALL))
    if other:
        what = f"{len(other)} packages are not as pinned, named above: bytes may differ"
        found.notes.append((what, REINSTALL))
    return found


def snakemake(root: Path) -> Section:
    """Version, and what an interrupted run has left."""
    try:
        version = metadata.version("snakemake")
    except metadata.PackageNotFoundError:
        version = "not installed"  # told among the packages
    found = Section("Snakemake", [("version", version)])
    records = Path(".snakemake")
    locks = _count(records / "locks")
    broken = _count(records / "incomplete")
    found.facts.append(("lock", "held, or left by a killed run" if locks else "none"))
    found.facts.append(("incomplete", f"{broken} files" if broken else "none"))
    profile = os.environ.get("SNAKEMAKE_PROFILE")
    found.facts.append(("profile", "set by SNAKEMAKE_PROFILE" if profile else "profiles/default"))
    if locks or broken:
        what = "A run is going on here, or one was interrupted"
        found.notes.append((what, "if none is going on: make resume"))
    starter = root / ".venv" / "bin" / "snakemake"
    if starter.exists() and said([str(starter), "--version"], seconds=60) is None:
        what = ".venv/bin/snakemake does not start: a shell misreads its path, or it was moved"
        found.notes.append((what, "in its place, .venv/bin/python -m snakemake, as make does"))
    return found


def inputs(root: Path, study: str) -> Section:
    """The study and the frozen decisions."""
    found = Section("Study")
    try:
        from twotower.study import decisions, grid, reading
    except ImportError as error:
        found.facts.append((study, f"not checked: {error}"))
        return found
    try:
        read = reading.read_study(study)
        runs = grid.runs(read)
        cells = len({run.cell.id for run in runs})
        shape = f"valid: {cells} cells, {len(runs)} runs, blocks of replicates {len(read.blocks())}"
        found.facts.append((study, shape))
        found.facts.append(("gpu", "asked for" if read.training.gpu else "not asked for"))
    except reading.StudyError as error:
        found.facts.append((study, "not valid"))
        found.faults.append((str(error).replace("\n", "\n  "), ""))
    try:
        found.facts.append(("decisions", decisions.load(root / "workflow/decisions.yaml").label))
    except decisions.DecisionsError as error:
        found.facts.append(("decisions", "not valid"))
        found.faults.append((str(error).replace(f"{root}{os.sep}", "").replace("\n", "\n  "), ""))
    return found


def _count(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*")) if folder.is_dir() else 0


def _libc() -> str:
    name, version = platform.libc_ver()
    return f"{name} {version}".strip() or sysconfig.get_platform()
