"""What a process runs besides its script, the library and the packages of the lock.

Python runs some files as it starts, and looks for modules where a variable says; the loader of
programs puts libraries before all others. Each is known by its name, without its folder.
"""

import base64
import hashlib
import os
import re
import site
import sys
from importlib.machinery import PathFinder
from pathlib import Path

from twotower.base import files

PRELOADS = ("LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES")
"""Variables that name libraries to be loaded before all others."""
CUSTOM = ("sitecustomize", "usercustomize")
"""Modules that Python imports as it starts, the second where it takes the user's own packages."""
_HARMLESS = {"43d81125d92376b1a69d53a71126a041cc9a18d8080e92dea0a2ae23be138b1e"}
"""Debian's sitecustomize, which reports crashes."""
_LIBRARY = Path(os.path.realpath(__file__)).parents[2]

Startup = dict[str, dict[str, str]]
"""By name the SHA-256 of a file, "" of none, and the package that it is `of`, "" of none."""


def current() -> Startup:
    """What runs in this process so, but for hooks of packages (`hooks`); after its work."""
    found = {}
    for variable in PRELOADS:
        for path in re.split("[: ]", os.environ.get(variable, "")):
            if path:
                found[f"{variable} {Path(path).name}"] = _sha256(path)
    if "PYTHONHOME" in os.environ:
        found["PYTHONHOME"] = ""
    for name in CUSTOM if _user() else CUSTOM[:1]:
        spec = PathFinder.find_spec(name)
        if spec and spec.origin and _sha256(spec.origin) not in _HARMLESS:
            found[name] = _sha256(spec.origin)
    found |= _modules(_led_to())
    return {name: {"sha256": sha256, "of": ""} for name, sha256 in sorted(found.items())}


def hook_files() -> list[os.DirEntry]:
    """The .pth files that Python reads as it starts: they add folders, and can run code."""
    places = [*site.getsitepackages(), *([site.getusersitepackages()] if _user() else [])]
    found = []
    for place in dict.fromkeys(map(os.path.realpath, places)):
        if os.path.isdir(place):
            with os.scandir(place) as held:
                found += [entry for entry in held if entry.name.endswith(".pth")]
    return sorted(found, key=lambda entry: entry.path)


def hooks(metadata: dict[str, str], pinned: set[str]) -> Startup:
    """The .pth files but those that a pinned package has brought and nobody has changed.

    Args:
        metadata: by package, its folder of metadata.
    """
    found: Startup = {}
    entries = hook_files()
    records = {name: _record(place) for name, place in metadata.items()} if entries else {}
    for entry in entries:
        sha256 = _sha256(entry.path)
        line = f"\n{entry.name},sha256={_in_record(sha256)},"
        here = os.path.dirname(entry.path)  # without links, by which a search path may name it
        of = [name for name, text in records.items()
              if line in text and os.path.realpath(f"{metadata[name]}/..") == here]  # fmt: skip
        if not pinned.intersection(of):
            found[entry.name] = {"sha256": sha256, "of": of[0] if of else ""}
    return found


def told(startup: Startup, packaged: bool = False) -> str:
    """In words, what no package has brought; or what one has that no lock pins."""
    return ", ".join(
        f"{name} ({each['sha256'][:12] or 'not found'})"
        for name, each in sorted(startup.items())
        if bool(each["of"]) == packaged
    )


def _led_to() -> list[str]:
    """Folders from which modules come before, or besides, those of the environment."""
    path = os.environ.get("PYTHONPATH", "")
    named = [os.path.realpath(each or ".") for each in path.split(os.pathsep)] if path else []
    return [each for each in named if each != str(_LIBRARY)] + (
        [os.path.realpath(site.getusersitepackages())] if _user() else []
    )


def _modules(folders: list[str]) -> dict[str, str]:
    """Modules that came from folders: those of one package under one name and hash."""
    held: dict[str, list[str]] = {}
    for name, module in sorted(sys.modules.items()) if folders else ():
        path = os.path.realpath(getattr(module, "__file__", None) or os.devnull)
        led = path.startswith(tuple(os.path.join(each, "") for each in folders))
        if led and name not in CUSTOM:
            held.setdefault(f"module {name.split('.')[0]}", []).append(f"{name} {_sha256(path)}")
    return {name: hashlib.sha256("\n".join(all_).encode()).hexdigest()
            for name, all_ in held.items()}  # fmt: skip


def _user() -> bool:
    return bool(site.ENABLE_USER_SITE)


def _record(metadata: str) -> str:
    try:
        return "\n" + Path(metadata, "RECORD").read_text(encoding="utf-8")
    except OSError:
        return ""


def _in_record(sha256: str) -> str:
    return base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")


def _sha256(path: str) -> str:
    try:
        return files.sha256(path) if os.path.isfile(path) else ""
    except OSError:
        return ""
