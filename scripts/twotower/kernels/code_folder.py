"""Where compiled code is kept, and for which towers it is there already; this loads no numba.

A job must neither pay seconds of compiling nor fail since it may not write. Code is kept in the
first of these folders that can be used, and in memory alone where none can:

1. `NUMBA_CACHE_DIR`, where that variable is set,
2. `tower-rates` in the user's cache folder (`XDG_CACHE_HOME`, by default `~/.cache`),
3. `tower-rates-<user's number>` in the system's folder for temporary files.

Code is found there by the content of this wing, never by its path or age, so that all copies of
one commit share it and no edit leaves old code in use.
"""

import hashlib
import json
import os
import sys
import tempfile
from functools import cache
from importlib import metadata
from pathlib import Path

from twotower.base.files import atomic_write

_READY = "ready.json"


@cache
def folder() -> Path | None:
    """Where compiled code of this wing is kept; None where no folder can be written."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    for root in _roots():
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            if root.stat().st_uid != os.getuid():  # code is run from there
                continue
            found = root / digest.hexdigest()[:16]
            found.mkdir(mode=0o700, exist_ok=True)
            tempfile.TemporaryFile(dir=found).close()
        except OSError:
            continue
        return found
    return None


def _roots() -> list[Path]:
    given = os.environ.get("NUMBA_CACHE_DIR")
    user = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "tower-rates")
    temporary = Path(tempfile.gettempdir(), f"tower-rates-{os.getuid()}")
    # without a home "~" stays as it is, and would be a folder in the current one
    return [
        *([Path(given).absolute()] if given else []),
        *([user] if user.is_absolute() else []),
        temporary,
    ]


def fit_of_towers(
    arm: str, user_dim: int, item_dim: int, rank: int, depth: int, precision: str
) -> str:
    """The name, in `missing` and `note`, of what fits of such towers run: covariates of both sides,
    components and hidden layers. `scripts/compile_loops.py` reads it as JSON.
    """
    return json.dumps([arm, user_dim, item_dim, rank, depth, precision])


def fit_of_reference(user_dim: int, item_dim: int, rank: int) -> str:
    """The same of the reference estimator, by intrinsic dimensions."""
    return json.dumps(["reference", user_dim, item_dim, rank])


def missing(wanted: list[str]) -> list[str]:
    """Those of the wanted things that no program has noted as compiled, for this numba; none where
    no folder keeps them.
    """
    ready = wanted if folder() is None else _noted()
    return [name for name in wanted if name not in ready]


def note(made: list[str]) -> None:
    """Note, for `missing`, what is compiled; nothing where no folder can be written."""
    if folder() is not None:
        content = {"by": _compiler(), "made": sorted({*_noted(), *made})}
        with atomic_write(folder() / _READY) as temporary:
            temporary.write_text(json.dumps(content), encoding="utf-8")


def _noted() -> list[str]:
    try:
        content = json.loads((folder() / _READY).read_text(encoding="utf-8"))
        return content["made"] if content["by"] == _compiler() else []
    except (OSError, ValueError, TypeError, KeyError):  # no file yet, or not one of ours
        return []


def _compiler() -> str:
    """Whose code this is: an interpreter's and a numba's; none where there is no numba."""
    try:
        return f"{sys.implementation.cache_tag}, numba {metadata.version('numba')}"
    except metadata.PackageNotFoundError:
        return "no numba"
