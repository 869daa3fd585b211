"""Jobs in a container find the library: nothing but the environment is handed on into it."""

import os
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("workflow")

APPTAINER = f"""#!{sys.executable}
import os, sys
words = sys.argv[1:]
if words == ["--version"]:
    print("apptainer version 1.3.6")
elif words[0] == "pull":
    open(words[words.index("--name") + 1], "w").close()
else:
    with open(os.environ["CALLS"], "a") as calls:
        print(*words[:2], file=calls)
    inside = os.environ | {{"PATH": {str(Path(sys.executable).parent)!r} + ":/usr/bin:/bin"}}
    shell = words.index("-c") - 1
    os.execvpe(words[shell], words[shell:], inside)
"""
"""A program in place of Apptainer, which like it hands on the environment but for PATH."""


def test_a_job_in_a_container_finds_the_library(alone, tmp_path):
    programs, calls = tmp_path / "programs", tmp_path / "calls"
    programs.mkdir()
    (programs / "apptainer").write_text(APPTAINER)
    (programs / "apptainer").chmod(0o755)
    environment = alone.environment(PATH=f"{programs}:{os.environ['PATH']}", CALLS=str(calls))
    environment.pop("PYTHONPATH", None)
    options = ["--software-deployment-method", "apptainer"]
    alone.run_study("results/index.csv", *options, env=environment)
    assert calls.read_text() == "exec --home\n"
