"""Digests of code: what a job's results depend on besides its settings and inputs."""

import ast
import contextlib
import errno
import hashlib
import re
from functools import cache
from pathlib import Path

_RULE = re.compile(r'^\s*rule (\w+):|"[./]*scripts/(\w+\.py)"', re.MULTILINE)


def scripts(project: Path) -> dict[str, str]:
    """By rule, the name of its script, as the project's rules say it."""
    found, rule = {}, ""
    for path in sorted(filter(Path.is_file, (project / "workflow" / "rules").glob("*.smk"))):
        for named, script in _RULE.findall(path.read_text(encoding="utf-8", errors="replace")):
            rule = named or rule
            if script:
                found[rule] = script
    return found


def digests(project: Path) -> dict[str, str]:
    """By name, the digest of each script that the project's rules run, of those that it has."""
    found = {}
    for name in sorted(set(scripts(project).values())):
        with contextlib.suppress(OSError, SyntaxError, ValueError):  # removed, or written in part
            found[name] = code_digest(project / "scripts" / name)
    return found


@cache
def code_digest(script: Path) -> str:
    """SHA-256 (16 hexadecimal digits) of a script and of every library module it leads to.

    The library is the package `twotower` beside the script. An edit of a module that the script
    neither imports nor leads to leaves the digest as it is.
    """
    package = script.parent / "twotower"
    found: dict[str, bytes] = {}
    waiting = [(script.name, script), ("twotower", package / "__init__.py")]
    while waiting:
        name, path = waiting.pop()
        if name in found:
            continue
        found[name], imported = _read(path, path.stat().st_mtime_ns)
        for module in imported:
            waiting.append((module, package / f"{module}.py"))
    total = hashlib.sha256()
    for name in sorted(found):
        total.update(f"{name}\0{len(found[name])}\0".encode() + found[name])
    return total.hexdigest()[:16]


def forget() -> None:
    """Have sources read anew, whatever the times of their files say."""
    code_digest.cache_clear()
    _read.cache_clear()


@cache  # most scripts lead to the same modules
def _read(path: Path, changed: int) -> tuple[bytes, set[str]]:
    """A source that was changed at that time, and the library's modules that it imports."""
    if not path.is_file():  # a pipe would never end
        raise OSError(errno.EINVAL, "no ordinary file", str(path))
    source = path.read_bytes()
    return source, _imported(source)


@cache  # of the same bytes, for verifications of several folders
def _imported(source: bytes) -> set[str]:
    """Names of the library's modules that a source imports, at any depth of its code."""
    modules = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "twotower":
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("twotower."):
            modules.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            modules |= {
                alias.name.split(".")[1]
                for alias in node.names
                if alias.name.startswith("twotower.")
            }
    return modules
