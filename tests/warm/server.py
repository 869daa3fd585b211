"""Runs commands of Python in forks of one process that has loaded all packages of others.

    python server.py NUMBER

NUMBER is that of an open file, the socket at which commands are asked for.

Most of a short command's time goes into importing Snakemake, torch, pandas and statsmodels. Here
that is done once, when the first command comes. A command is run from the first line of its own
program, with its own arguments, folder, environment and files; what is this project's is never
loaded before. The server ends when its standard input is closed.
"""

import ast
import atexit
import contextlib
import gc
import json
import os
import random
import runpy
import selectors
import signal
import socket
import sys
import tempfile
import threading
import time
import types
from pathlib import Path

from client import surroundings

SCRIPTS = Path(__file__).parents[2] / "scripts"
OF_SNAKEMAKE = "import snakemake.cli, snakemake.executors.local, snakemake.report, snakemake.script"


def load_packages() -> None:
    """Import whatever the project's code imports from others."""
    lines = {OF_SNAKEMAKE}
    for path in SCRIPTS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if names and names[0].split(".")[0] not in {"twotower", *sys.stdlib_module_names}:
                lines.add(ast.unparse(node))
    for line in sorted(lines):
        try:
            exec(line, {})
        except Exception:  # of a package that is not installed here, or is broken
            continue


class Server:
    """Commands at work, each with the connection to its client."""

    def __init__(self, number: int) -> None:
        self.ready, self.own = selectors.DefaultSelector(), surroundings()
        self.listener = socket.socket(fileno=number)
        self.ready.register(self.listener, selectors.EVENT_READ)
        self.ready.register(sys.stdin, selectors.EVENT_READ)
        self.loaded = False

    def serve(self) -> dict:
        """Answer until the end; in a fork returns what is to be run there."""
        while True:
            for key, _ in self.ready.select():
                if key.fileobj is sys.stdin:
                    self.end()
                elif key.fileobj is self.listener:
                    if asked := self.begin(self.listener.accept()[0]):
                        return asked
                elif not isinstance(key.fileobj, socket.socket):
                    self.report(*key.data)
                elif key.fileobj.fileno() >= 0:  # its command was not reported a moment ago
                    self.pass_on(key.fileobj, key.data)

    def begin(self, client: socket.socket) -> dict | None:
        """Take a command up; None but in the fork that is to run it."""
        files = []
        try:
            size, files, _, _ = socket.recv_fds(client, 4, 3)
            content = client.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
            asked = json.loads(content)
            fit = asked["surroundings"] == self.own
            if fit and not self.loaded:
                load_packages()
                gc.freeze()
                self.loaded = True
            client.send(b"y" if fit else b"n")
        except (OSError, ValueError):  # the client was killed
            fit = False
        if fit and (process := os.fork()) == 0:
            for key in list(self.ready.get_map().values()):
                os.close(key.fd)
            for number, file in enumerate(files):
                os.dup2(file, number)
                os.close(file)
            client.close()
            return asked
        for file in files:
            os.close(file)
        if fit:
            ended = os.pidfd_open(process)
            self.ready.register(client, selectors.EVENT_READ, process)
            self.ready.register(ended, selectors.EVENT_READ, (ended, process, client))
        else:
            client.close()
        return None

    def pass_on(self, client: socket.socket, process: int) -> None:
        """Send on a signal; where the client was killed, its command is killed too."""
        try:
            number = client.recv(1)
        except ConnectionError:
            number = b""
        os.kill(process, number[0] if number else signal.SIGKILL)
        if not number:
            self.ready.unregister(client)

    def report(self, ended: int, process: int, client: socket.socket) -> None:
        """Hand a command's exit status to its client."""
        self.ready.unregister(ended)
        os.close(ended)
        _, status = os.waitpid(process, 0)
        if client in self.ready.get_map():
            self.ready.unregister(client)
        with contextlib.suppress(OSError):  # it was killed
            client.send(status.to_bytes(4, "big"))
        client.close()

    def end(self) -> None:
        for key in list(self.ready.get_map().values()):
            if isinstance(key.fileobj, socket.socket) and key.data:
                os.kill(key.data, signal.SIGKILL)
        os._exit(0)


def run(asked: dict) -> int:
    """Run a command as Python would; returns the exit status."""
    os.chdir(asked["folder"])
    os.umask(asked["umask"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        old = getattr(sys, name)
        new = open(  # noqa: SIM115
            number, "w" if number else "r", encoding=old.encoding, errors=old.errors, closefd=False
        )
        new.reconfigure(line_buffering=number == 2 or new.isatty())
        setattr(sys, name, new), setattr(sys, f"__{name}__", new)
    random.seed()
    tempfile.tempdir = None
    # at the start of the server it had none: only what leads to the library is taken (`client.py`)
    sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    program, *arguments = asked["arguments"]
    sys.executable = asked["name"]
    sys.dont_write_bytecode = "-B" in asked["options"]
    sys.argv = [program, *arguments]
    try:
        if "-m" in asked["options"]:
            sys.path[0] = os.getcwd()
            runpy.run_module(program, run_name="__main__", alter_sys=True)
        else:
            sys.path[0] = os.path.dirname(os.path.realpath(program))
            main = sys.modules["__main__"] = types.ModuleType("__main__")
            main.__file__ = program
            exec(compile(Path(program).read_bytes(), program, "exec"), main.__dict__)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__.tb_next)
        return 1
    return 0


if __name__ == "__main__":
    status = run(Server(int(sys.argv[1])).serve())
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            status = status or 120
    os._exit(status & 255)
