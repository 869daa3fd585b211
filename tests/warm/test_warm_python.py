"""A warm Python does with a program what Python does, and knows what it must leave to Python."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
import warm_python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is warm")
PROGRAM = """
import os, sys
loaded = sorted({each.split(".")[0] for each in sys.modules} & {"torch", "twotower"})
print(sys.argv, __name__, os.getcwd(), os.umask(0), os.environ["ODD"], sys.stdin.read(), loaded)
print("no fault", file=sys.stderr)
"""


def told(python, folder, code, *arguments, **variables):
    """What a program says in a folder, and how it ends."""
    (folder / "a program.py").write_text(code)
    done = subprocess.run(
        [python, *arguments],
        cwd=folder,
        env=os.environ | {"ODD": "ä $x\n'"} | variables,
        input="given",
        umask=0o027,
        capture_output=True,
        encoding="utf-8",
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "end",
    ["", "sys.exit(3)", "sys.exit('in words')", "os.kill(os.getpid(), 9)", "1 / 0", "os.abort()"],
)
def test_a_program_does_as_in_python_itself(tmp_path, end):
    code = f"{PROGRAM}\nsys.stdout.flush()\n{end}\n"
    arguments = ("a program.py", "one", "", "*'\"")
    warm = told(warm_python.python(), tmp_path, code, *arguments)
    cold = told(sys.executable, tmp_path, code, *arguments)
    assert warm[0] == cold[0] and warm[1] == cold[1].replace("[]\n", "['torch']\n")
    assert warm[2].splitlines()[:1] == cold[2].splitlines()[:1] == ["no fault"]
    assert warm[2].splitlines()[-1] == cold[2].splitlines()[-1]
    if end == "1 / 0":
        assert warm[2].endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize(
    "arguments, variables",
    [
        (["-c", PROGRAM], {}),
        (["-I", "a program.py"], {}),
        (["a program.py"], {"PYTHONUTF8": "1"}),
        (["a program.py"], {"LC_ALL": "C"}),
    ],
)
def test_what_counts_before_a_programs_first_line_is_left_to_python(tmp_path, arguments, variables):
    status, said, _ = told(warm_python.python(), tmp_path, PROGRAM, *arguments, **variables)
    assert status == 0 and said.endswith("[]\n")


def test_a_program_ends_with_what_was_started_for_it(tmp_path):
    (tmp_path / "sleep.py").write_text(
        "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)"
    )
    command = [warm_python.python(), tmp_path / "sleep.py"]
    for number in (signal.SIGTERM, signal.SIGKILL):
        with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as run:
            program = psutil.Process(int(run.stdout.readline()))
            run.send_signal(number)
            assert run.wait() == -number
        until = time.monotonic() + 30
        while program.is_running() and time.monotonic() < until:
            time.sleep(0.05)
        assert not program.is_running()
