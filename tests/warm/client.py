"""What stands in for Python in a test: hands its command line to `server.py`, and ends as it ends.

    python -IS client.py PYTHON SOCKET NAME [OPTION …] [ARGUMENT …]

NAME is what was typed for Python. What the server cannot do as Python itself would is left to
PYTHON: options, variables or limits that count before a program's first line; other namespaces.
"""

import json
import os
import resource
import signal
import socket
import sys
from os.path import isfile as is_file

LIMITS = [
    getattr(resource, name)
    for name in dir(resource)
    if name.startswith("RLIMIT_") and name != "RLIMIT_RSS"  # which Slurm sets and Linux ignores
]


def leads_to_the_library(path: str) -> bool:
    """Whether a path of PYTHONPATH is one that counts from a program's first import on alone."""
    odd = (f"{path}/{name}.py" for name in ("sitecustomize", "usercustomize"))
    return (
        os.path.isabs(path)
        and is_file(f"{path}/twotower/__init__.py")
        and not any(map(is_file, odd))
    )


def surroundings() -> dict:
    """What a process has from its start, and a fork of the server has too only if it is equal."""
    names = ("LANG", "LC_", "PYTHON", "LD_", "MALLOC_", "GLIBC_TUNABLES")
    variables = {key: value for key, value in os.environ.items() if key.startswith(names)}
    paths = [path for path in variables.pop("PYTHONPATH", "").split(os.pathsep) if path]
    if odd := [path for path in paths if not leads_to_the_library(path)]:
        variables["PYTHONPATH"] = os.pathsep.join(odd)
    return {
        "variables": variables,
        "limits": [list(resource.getrlimit(each)) for each in LIMITS],
        "user": [*os.getresuid(), *os.getresgid()],
        "namespaces": [os.readlink(f"/proc/self/ns/{kind}") for kind in ("mnt", "net", "user")],
        "rights": [line for line in open("/proc/self/status") if line.startswith("Cap")],
    }


def main(python: str, address: str, name: str, *arguments: str) -> None:
    given = list(arguments)
    options = [given.pop(0) for _ in arguments if given and given[0] in ("-B", "-m")]
    server = socket.socket(socket.AF_UNIX)
    try:
        if not given or given[0].startswith("-") or not ("-m" in options or is_file(given[0])):
            raise OSError("no program is named")
        server.connect(address)
        asked = {"name": os.path.abspath(name), "options": options, "arguments": given}
        asked |= {"surroundings": surroundings(), "umask": os.umask(0)}
        os.umask(asked["umask"])
        asked |= {"folder": os.getcwd(), "environment": dict(os.environ)}
        content = json.dumps(asked).encode()
        socket.send_fds(server, [len(content).to_bytes(4, "big")], [0, 1, 2])
        server.sendall(content)
        taken = server.recv(1)
    except OSError:
        taken = b""
    if not taken.strip(b"n"):
        os.execv(python, [python, *arguments])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: server.send(bytes([number])))
    answer = server.recv(4)
    if not answer:
        sys.exit("the server of warm Pythons is gone")
    status = int.from_bytes(answer, "big")
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(*sys.argv[1:])
