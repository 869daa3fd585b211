"""The packages that this Python would import: versions, and hashes of what their wheels hold.

To look through all packages takes a few tenths of a second, too long for each of a thousand jobs.
For this reason the run's main process notes what it finds. A job uses the note if the same packages
with the same times are still there; else the job looks for itself.
"""

import ast
import hashlib
import json
import os
import re
import sys
from pathlib import Path

from twotower.base.files import atomic_write
from twotower.records import startup

NOTE = Path(".snakemake/installed.json")
"""Where a run's main process leaves its note for the jobs."""

_BY_INSTALLERS = {"INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_cache.json"}
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;#]+)", re.MULTILINE)


def note(lock: Path) -> None:
    """Note what is installed, for the jobs of a run in this folder."""
    found = _found()
    content = {"where": _stamps(found), "what": _look(found, lock)}
    with atomic_write(NOTE) as temporary:
        temporary.write_text(json.dumps(content) + "\n", encoding="utf-8")


def packages(lock: Path) -> dict:
    """What is installed, from the note or by a new search.

    Returns:
        packages: by name, version and sha256 of each that the lock file pins; sha256 is of the
            lines of the wheel's own RECORD, without what an installer adds, and so the same on
            every machine that installed the same wheel.
        beside: by name, the version of each that it does not pin.
        torch: version, git and cuda of torch's build; empty without torch.
        startup: .pth files that no pinned package has brought (`startup.hooks`).
    """
    found = _found()
    try:
        noted = json.loads(NOTE.read_text(encoding="utf-8"))
        if noted["where"] == _stamps(found):
            return noted["what"]
    except (OSError, ValueError, TypeError, KeyError):
        pass
    return _look(found, lock)


def pins(lock: Path) -> dict[str, str]:
    """Versions by package that a lock file pins; names in lower case with hyphens."""
    try:
        text = lock.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return {_name(name): version for name, version in _PIN.findall(text)}


def _found() -> dict[str, tuple[str, os.DirEntry]]:
    """By package its version and folder of metadata, in the order in which Python would look."""
    found: dict[str, tuple[str, os.DirEntry]] = {}
    for place in dict.fromkeys(sys.path):
        try:
            entries = list(os.scandir(place or "."))
        except OSError:
            continue
        for entry in entries:
            if entry.name.endswith(".dist-info"):
                name, _, version = entry.name.removesuffix(".dist-info").partition("-")
                found.setdefault(_name(name), (version, entry))
    return found


def _stamps(found: dict) -> dict[str, list[list]]:
    """What changes when a package, or a file that Python reads as it starts, is another one."""
    return {
        "packages": sorted([each.name, each.stat().st_mtime_ns] for _, each in found.values()),
        "startup": [[each.path, each.stat().st_mtime_ns] for each in startup.hook_files()],
    }


def _look(found: dict[str, tuple[str, os.DirEntry]], lock: Path) -> dict:
    pinned = pins(lock)
    return {
        "packages": {
            name: {"version": version, "sha256": _wheel_hash(Path(entry.path))}
            for name, (version, entry) in sorted(found.items())
            if name in pinned
        },
        "beside": {
            name: version for name, (version, _) in sorted(found.items()) if name not in pinned
        },
        "torch": _torch_build(Path(found["torch"][1].path).parent) if "torch" in found else {},
        "startup": startup.hooks(
            {name: entry.path for name, (_, entry) in found.items()}, set(pinned)
        ),
    }


def _wheel_hash(metadata: Path) -> str:
    """The SHA-256 of the sorted lines of RECORD that a wheel itself has."""
    try:
        lines = (metadata / "RECORD").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    kept = [line for line in lines if _of_wheel(line, metadata.name)]
    return hashlib.sha256("\n".join(sorted(kept)).encode()).hexdigest()


def _of_wheel(line: str, metadata: str) -> bool:
    path = line.rsplit(",", 2)[0].strip('"')  # then hash and size, each empty or without a comma
    added = path.startswith(f"{metadata}/") and path.split("/")[-1] in _BY_INSTALLERS
    return not (added or path.startswith("..") or path.endswith(".pyc"))


def _torch_build(site: Path) -> dict:
    """What torch/version.py says; torch itself takes a second to import."""
    wanted = {"__version__": "version", "git_version": "git", "cuda": "cuda"}
    build = {}
    try:
        tree = ast.parse((site / "torch" / "version.py").read_text(encoding="utf-8"))
    except (OSError, SyntaxError):
        return {}
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        key = wanted.get(getattr(target, "id", ""))
        if key and isinstance(node.value, ast.Constant):
            build[key] = node.value.value
    return build


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
