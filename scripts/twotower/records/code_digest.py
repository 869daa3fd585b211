"""Digests of code: what a job's results depend on besides its settings and inputs.

A script leads to two kinds of modules. Numerical modules shape its results: their digest stands in
the job's settings, so that an edit makes the results anew. Bookkeeping says how a result was made
and names faults: its digest stands in the job's record only, and an edit makes nothing anew.
"""

import ast
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from twotower.base.errors import ExpectedError

PACKAGE = "twotower"
BOOKKEEPING = (
    f"{PACKAGE}/records/",
    *(f"{PACKAGE}/base/{name}.py" for name in ("console", "errors", "places", "safe_names")),
)
"""Where bookkeeping stands, and nowhere else: modules that can change no byte of a result.

`base.commands` is none of them, because the ledger of claims holds commands.
"""

_RULE = re.compile(r'^\s*rule (\w+):|"[./]*scripts/([\w/]+\.py)"', re.MULTILINE)


class CodeError(ExpectedError):
    """Code that has no digest: a file cannot be read or parsed, or imports what is not there."""


def scripts(project: Path) -> dict[str, str]:
    """By rule, the path of its script below scripts/, as the project's rules say it."""
    found, rule = {}, ""
    for path in sorted(filter(Path.is_file, (project / "workflow" / "rules").glob("*.smk"))):
        for named, script in _RULE.findall(path.read_text(encoding="utf-8", errors="replace")):
            rule = named or rule
            if script:
                found[rule] = script
    return found


def digests(project: Path) -> dict[str, str]:
    """By path below scripts/, the digest of each script that the project's rules run.

    Raises:
        CodeError: a script has no digest.
    """
    folder = project / "scripts"
    return {name: code_digest(folder, name) for name in sorted(set(scripts(project).values()))}


@cache
def code_digest(folder: Path, script: str) -> str:
    """SHA-256 (16 hexadecimal digits) of a script and of every numerical module it leads to.

    The library is the package `twotower` in the folder of scripts. A module counts together with
    the `__init__.py` of each package on the way to it. What the script reaches through bookkeeping
    alone is no part. An edit of any other module leaves the digest as it is.

    Args:
        folder: the folder of scripts.
        script: path below the folder.

    Raises:
        CodeError: a file is missing or cannot be parsed; an import is relative, or names a module
            that is not there.
    """
    return _hash(_reached(folder, script, bookkeeping=False))


@cache
def bookkeeping_digest(folder: Path, script: str) -> str:
    """The same of all else that a script leads to; arguments and errors as in `code_digest`."""
    numerical = _reached(folder, script, bookkeeping=False)
    everything = _reached(folder, script, bookkeeping=True)
    return _hash({name: everything[name] for name in everything.keys() - numerical.keys()})


@cache
def flat_digest(folder: Path, script: str) -> str:
    """The digest in records without one of bookkeeping: of all modules, by their older names.

    Such records are older than the library's packages; arguments and errors as in `code_digest`.
    """
    texts = _reached(folder, script, bookkeeping=True)
    texts[PACKAGE] = texts.pop(f"{PACKAGE}/__init__.py")
    inside = f"{PACKAGE}/"
    return _hash(
        {
            name.removeprefix(inside).removesuffix(".py") if name.startswith(inside) else name: text
            for name, text in texts.items()
        }
    )


def forget() -> None:
    """Have sources read anew, whatever the times of their files say."""
    for kept in (code_digest, bookkeeping_digest, flat_digest, _read):
        kept.cache_clear()


def _reached(folder: Path, script: str, bookkeeping: bool) -> dict[str, bytes]:
    """By path below the folder, the text of a script and of the modules that it leads to."""
    found: dict[str, bytes] = {}
    waiting = [script, f"{PACKAGE}/__init__.py"]
    # Python looks for a script's imports here too; beside a module of the library it does not
    outside = {
        path.stem for each in (folder, (folder / script).parent) for path in each.glob("*.py")
    }
    while waiting:
        name = waiting.pop()
        if name not in found and (bookkeeping or not name.startswith(BOOKKEEPING)):
            path = folder / name
            found[name], names = _read(path, _changed(path))
            for line, imported in names:
                place = f"{path}:{line}"
                if re.split("[.:]", imported)[0] == PACKAGE:
                    waiting += _files(folder, imported, place)
                elif imported in outside:
                    raise CodeError(f"{place}: {imported} stands outside {PACKAGE}; move it there")
    return found


def _hash(texts: dict[str, bytes]) -> str:
    total = hashlib.sha256()
    for name in sorted(texts):
        total.update(f"{name}\0{len(texts[name])}\0".encode() + texts[name])
    return total.hexdigest()[:16]


def _files(folder: Path, name: str, place: str) -> Iterator[str]:
    """Paths of a module and of the packages that it stands in; `name:what` may be one or in one."""
    module, _, what = name.partition(":")
    path = module.replace(".", "/")
    for parent in (path, *(each.as_posix() for each in Path(path).parents)):
        if (folder / parent / "__init__.py").is_file():
            yield f"{parent}/__init__.py"
    if not (folder / f"{path}.py").is_file() and what:  # else what it names stands in this module
        path, module = f"{path}/{what}", f"{module}.{what}"
    is_package = (folder / path / "__init__.py").is_file()
    if not (folder / f"{path}.py").is_file():
        if is_package:
            raise CodeError(f"{place}: {module} is a package; name the module that is meant")
        raise CodeError(f"{place}: no module {module} stands in {folder / PACKAGE}")
    if is_package:  # which Python prefers
        raise CodeError(f"{place}: {folder / path}.py hides behind the package {path}/; remove it")
    yield f"{path}.py"


def _changed(path: Path) -> int:
    """When a file was changed. Only ordinary files are read: a pipe would never end."""
    if not path.is_file():
        raise CodeError(f"{path}: no such file, or no ordinary one")
    return path.stat().st_mtime_ns


@cache  # most scripts lead to the same modules
def _read(path: Path, changed: int) -> tuple[bytes, tuple[tuple[int, str], ...]]:
    """A source that was changed at that time, and what it imports, with the line."""
    try:
        source = path.read_bytes()
        return source, _imported(source)
    except (OSError, SyntaxError, ValueError) as error:  # ValueError: a NUL, a relative import
        raise CodeError(f"{path}: {error}") from error


@cache  # of the same bytes, for verifications of several folders
def _imported(source: bytes) -> tuple[tuple[int, str], ...]:
    """Lines and names of what a source imports, at any depth; of other packages the first name."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                raise ValueError(
                    f"line {node.lineno}: a relative import, which digests do not follow; "
                    f"write: from {PACKAGE}.… import …"
                )
            top = module.split(".")[0]
            names = [f"{module}:{alias.name}" if top == PACKAGE else top for alias in node.names]
            found |= {(node.lineno, name) for name in names}
        elif isinstance(node, ast.Import):
            for name in (alias.name for alias in node.names):
                top = name.split(".")[0]
                found.add((node.lineno, name if top == PACKAGE else top))
    return tuple(sorted(found))
