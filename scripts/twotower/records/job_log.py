"""A job's log: everything that the job prints; expected errors stand there without a traceback."""

import atexit
import os
import sys
import time
from pathlib import Path

from twotower.base.errors import ExpectedError

WORKED = "seconds of work after the imports:"
"""The last line of a log begins so; benchmarks add up its seconds."""


def start(path: str) -> None:
    """Send standard output and standard error of this process, C libraries included, to a file."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)
    sys.excepthook = _report
    began = time.perf_counter()
    atexit.register(lambda: print(f"{WORKED} {time.perf_counter() - began:.3f}", flush=True))


def _report(kind, error, traceback) -> None:
    if issubclass(kind, ExpectedError):
        print(f"{kind.__name__}: {error}", file=sys.stderr)
    elif issubclass(kind, KeyboardInterrupt):
        print("Stopped by Ctrl-C.", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, traceback)
