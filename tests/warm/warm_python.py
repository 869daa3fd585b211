"""A Python for tests that has the packages loaded: `python()` names it, `start` begins its server.

It is a link of shell scripts, a client and a server (client.py, server.py); one server works for
all workers of pytest. Its commands are real ones: their own program, arguments, folder and
environment. Without a server, or away from Linux, `python()` is this Python itself.
"""

import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

from twotower.base.pins import PINS

HERE = Path(__file__).parent
NAME = "TOWER_RATES_WARM"
"""The variable by which workers find the folder of the server."""


def python() -> str:
    """What to start Python as."""
    return str(folder() / "python") if NAME in os.environ else sys.executable


def folder() -> Path:
    """A folder like the environment's bin/, whose Python and Snakemake are warm where they can."""
    return Path(os.environ[NAME], "bin") if NAME in os.environ else Path(sys.executable).parent


def start(place: Path) -> subprocess.Popen | None:
    """Start the server in an empty folder; it loads nothing before the first command comes."""
    if sys.platform != "linux":
        return None
    own, address = Path(sys.executable), place / "socket"
    (place / "bin").mkdir()
    for path in own.parent.iterdir():
        if not path.name.startswith(("python", "snakemake")):
            (place / "bin" / path.name).symlink_to(path)
    client = shlex.join(map(str, [own, "-IS", HERE / "client.py", own, address]))
    _write(place / "bin/python", f'exec {client} "$0" "$@"')
    (place / "bin/python3").symlink_to("python")
    _write(
        place / "bin/snakemake",
        f'exec "${{0%/*}}/python" {shlex.quote(str(own.with_name("snakemake")))} "$@"',
    )
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen(64)
        server = subprocess.Popen(
            [own, HERE / "server.py", str(listener.fileno())],
            env=os.environ | PINS,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
            start_new_session=True,  # Ctrl-C goes to the clients, which send it on
        )
    os.environ[NAME] = str(place)
    return server


def stop(server: subprocess.Popen) -> None:
    """End the server, and what is still at work there."""
    del os.environ[NAME]
    server.stdin.close()
    server.wait()


def _write(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)
