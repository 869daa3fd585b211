"""Cheats on what else runs in a job's process, and beside the commands of a handed folder.

Each has one training tell the environment that a process under these conditions records.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from authoring import rerun, signed, unstated
from cheats.registry import cheat
from forging import Forgery
from twotower.records import environment

NOW = "import sys; sys.path.insert(0, 'scripts'); import twotower; " \
      "from twotower.records import environment as e; print(e.save(e.current()))"  # fmt: skip
WEIGHTS = "results/runs/*/0.safetensors"


def trained_under(study: Forgery, **variables: str) -> str:
    """One training ran in a process with these variables."""
    unstated(study)
    done = subprocess.run(
        [sys.executable, "-c", NOW],
        cwd=study.folder,
        env=os.environ | variables,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    there = environment.read(done.stdout.split()[-1], study.folder)
    path = study.first(WEIGHTS)
    mine = study.record(path)
    assert there["threads"] == environment.read(mine["environment"], study.folder)["threads"]
    study.re_environment(lambda found: there, lambda record: record["outputs"] == mine["outputs"])
    rerun(study, dict)
    return path


def planted_hook(study: Forgery, name: str, content: bytes = b"import random\n") -> Path:
    """A folder outside the project with a module that stands before others of the name."""
    place = study.folder.parent / f"{study.folder.name}-hook"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    (place / name).write_bytes(content)
    return place


@cheat(clone="besides the packages of the lock there ran sitecustomize")
def site_by_the_path(study: Forgery) -> str:
    """A training found a sitecustomize by PYTHONPATH, which may change any number."""
    return trained_under(study, PYTHONPATH=str(planted_hook(study, "sitecustomize.py")))


@cheat(clone="besides the packages of the lock there ran module hashlib")
def shadowing_by_the_path(study: Forgery) -> str:
    """A training found another module of Python's own by PYTHONPATH."""
    content = Path(hashlib.__file__).read_bytes() + b"# otherwise\n"
    return trained_under(study, PYTHONPATH=str(planted_hook(study, "hashlib.py", content)))


@cheat(clone="besides the packages of the lock there ran LD_PRELOAD libm.so.6")
def preloaded_library(study: Forgery) -> str:
    """A library stood before all others in a training (LD_PRELOAD)."""
    (found,) = sorted(Path("/lib").glob("*/libm.so.6"))[:1]
    return trained_under(study, LD_PRELOAD=str(found))


def beside(name: str, path: str, words: str, sealed: bool = True) -> None:
    """Enter a cheat by which a file that some command takes up by itself is sealed."""

    def act(study: Forgery) -> str:
        study.write(path, b"verify:\n\t@echo All as made and sealed.\n")
        if sealed:
            signed(study, study.sealed())
        return path

    act.__doc__, act.__name__ = words, name
    cheat(clone="code that does not stand in commit")(act)


beside("makefile_before_the_makefile", "GNUmakefile",
       "A GNUmakefile, which make reads in place of the Makefile, lies beside it.")  # fmt: skip
beside("makefile_in_small_letters", "makefile",
       "A makefile, which make reads in place of the Makefile, lies beside it.")  # fmt: skip
beside("profile_that_is_taken_up", "workflow/profiles/default/config.yaml",
       "A profile that Snakemake takes up by itself lies in workflow/.")  # fmt: skip
beside("hook_among_the_scripts", "scripts/sitecustomize.py",
       "A sitecustomize, which every job would import, is sealed among the scripts.")  # fmt: skip
