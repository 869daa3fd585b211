"""Cheats on what else runs in a job's process, and beside the commands of a handed folder.

Each has one training tell the environment that a process under these conditions records.
"""

import os
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


def trained_under(study: Forgery, *options: str, **variables: str) -> str:
    """One training ran in a process with these options of Python and these variables."""
    unstated(study)
    asked = [sys.executable, *options, "-c", NOW]
    done = subprocess.run(
        asked, cwd=study.folder, env=os.environ | variables, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    there = environment.read(done.stdout.split()[-1], study.folder)
    path = study.first(WEIGHTS)
    mine = study.record(path)
    assert there["threads"] == environment.read(mine["environment"], study.folder)["threads"]
    study.re_environment(lambda found: there, lambda record: record["outputs"] == mine["outputs"])
    rerun(study, dict)
    return path


def planted_hook(study: Forgery, name: str) -> Path:
    """A folder outside the project with a module that Python imports by itself."""
    place = study.folder.parent / f"{study.folder.name}-hook"
    place.mkdir(exist_ok=True)
    (place / name).write_text("import random\n", encoding="ascii")
    return place


@cheat(clone="DEVIATING")
def site_by_the_path(study: Forgery) -> str:
    """A training found a sitecustomize by PYTHONPATH, which may change any number."""
    return trained_under(study, PYTHONPATH=str(planted_hook(study, "sitecustomize.py")))


@cheat(clone="DEVIATING")
def shadowing_by_the_path(study: Forgery) -> str:
    """A training found another module of Python's own by PYTHONPATH."""
    return trained_under(study, PYTHONPATH=str(planted_hook(study, "colorsys.py")))


@cheat(clone="DEVIATING")
def site_of_the_user(study: Forgery) -> str:
    """A training found a usercustomize in the user's own packages."""
    base = planted_hook(study, "unused.py")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    place = base / "lib" / version / "site-packages"
    place.mkdir(parents=True, exist_ok=True)
    (place / "usercustomize.py").write_text("import random\n", encoding="ascii")
    (place / "hook.pth").write_text("import random\n", encoding="ascii")
    return trained_under(study, PYTHONUSERBASE=str(base))


@cheat(clone="DEVIATING")
def preloaded_library(study: Forgery) -> str:
    """A library stood before all others in a training (LD_PRELOAD)."""
    (found,) = sorted(Path("/lib").glob("*/libm.so.6"))[:1]
    return trained_under(study, LD_PRELOAD=str(found))


@cheat(clone="DEVIATING")
def libraries_elsewhere(study: Forgery) -> str:
    """A training looked for its libraries in another folder first (LD_LIBRARY_PATH)."""
    return trained_under(study, LD_LIBRARY_PATH=str(planted_hook(study, "unused.py")))


@cheat(clone="DEVIATING")
def without_assertions(study: Forgery) -> str:
    """A training ran without assertions (python -O)."""
    return trained_under(study, "-O")


@cheat(clone="DEVIATING")
def compiled_elsewhere(study: Forgery) -> str:
    """A training took compiled loops from a folder of the forger's (NUMBA_CACHE_DIR)."""
    return trained_under(study, NUMBA_CACHE_DIR=str(planted_hook(study, "unused.py")))


@cheat(clone="DEVIATING")
def bytecode_elsewhere(study: Forgery) -> str:
    """A training took compiled modules from a folder of the forger's (PYTHONPYCACHEPREFIX)."""
    return trained_under(study, PYTHONPYCACHEPREFIX=str(planted_hook(study, "unused.py")))


def beside(name: str, path: str, words: str, sealed: bool = True) -> None:
    """Enter a cheat by which a file that some command takes up by itself is sealed."""

    def act(study: Forgery) -> str:
        study.write(path, b"verify:\n\t@echo All as made and sealed.\n")
        if sealed:
            signed(study, study.sealed())
        return path

    act.__doc__, act.__name__ = words, name
    cheat(clone=path)(act)


beside("makefile_before_the_makefile", "GNUmakefile",
       "A GNUmakefile, which make reads in place of the Makefile, lies beside it.")  # fmt: skip
beside("makefile_in_small_letters", "makefile",
       "A makefile, which make reads in place of the Makefile, lies beside it.")  # fmt: skip
beside("profile_that_is_taken_up", "workflow/profiles/default/config.yaml",
       "A profile that Snakemake takes up by itself lies in workflow/.")  # fmt: skip
beside("hook_among_the_scripts", "scripts/sitecustomize.py",
       "A sitecustomize, which every job would import, is sealed among the scripts.")  # fmt: skip
