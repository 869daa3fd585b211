"""A JAX process to send requests to; none where its environment is not installed."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from twotower.base import pins

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-jax/bin/python"
ABSENT = "JAX is not installed and left out: `make .venv-jax/installed` installs it."


class Jax:
    """The process, which ends with this object's `close`."""

    def __init__(self) -> None:
        environment = {name: text for name, text in os.environ.items() if name not in pins.PINS}
        self._process = subprocess.Popen(
            [PYTHON, "-B", Path(__file__).with_name("jax_side.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment | {"JAX_PLATFORMS": "cpu"},
        )
        self.versions = self._answer()

    def ask(self, request: str, **given: Any) -> Any:
        """The answer to a request: the name of a method of `jax_side.Side`, and its arguments."""
        print(json.dumps([request, given]), file=self._process.stdin, flush=True)
        return self._answer()

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait()

    def _answer(self) -> Any:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the JAX process ended; its last words stand above")
        return json.loads(line)


def started() -> Jax | None:
    """A JAX process, if its environment is installed."""
    return Jax() if PYTHON.exists() else None
