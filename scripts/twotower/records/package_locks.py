"""Locks of packages: exact pins, with the SHA-256 of every file that an index has of each version.

pip refuses any other file (`--require-hashes`). All files count, not those of this machine alone,
so that a lock holds on other platforms and Pythons too. Python's own library suffices.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

_ENTRY = re.compile(r"^([\w.-]+)==(\S+)( ; [^\\\n]+)?((?: \\\n    --hash=sha256:\w{64})+)$", re.M)

Lock = dict[tuple[str, str], tuple[str, set[str]]]
"""By name and marker (` ; …`, or nothing) of a package, its version and its hashes."""


def read(path: Path) -> Lock:
    """The entries of a lock file; of none, if there is no such file."""
    return _entries(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write(path: Path, head: str, lock: Lock) -> None:
    """Write a lock file below a head, sorted."""
    text = head
    for (name, marker), (version, hashes) in sorted(lock.items()):
        text += (
            " \\\n    --hash=sha256:".join([f"{name}=={version}{marker}", *sorted(hashes)]) + "\n"
        )
    path.write_text(text, encoding="utf-8")


def resolved(*sources: Path) -> Lock:
    """What the sources lead to here, by pip; nothing is installed.

    Hashes are those of files that have a name of their own for their build, such as 2.13.0+cpu:
    the usual index lacks them.
    """
    given = [word for source in sources for word in ("-r", str(source))]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
    done = subprocess.run([*pip, "--report=-", *given], check=True, stdout=subprocess.PIPE)
    found = {}
    for each in json.loads(done.stdout)["install"]:
        name = re.sub(r"[-_.]+", "-", each["metadata"]["name"]).lower()
        version, _, build = each["metadata"]["version"].partition("+")
        sha256 = each["download_info"]["archive_info"]["hashes"]["sha256"]
        found[name, ""] = (version, {sha256} if build else set())
    return found


def hashed(wanted: Lock, *options: str) -> Lock:
    """What uv, which lies beside this Python, makes of these pins, with all hashes of each."""
    uv = [str(Path(sys.executable).with_name("uv")), "pip", "compile", "--generate-hashes"]
    pins = "".join(f"{name}=={version}\n" for (name, _), (version, _) in wanted.items())
    command = [*uv, "--quiet", "--no-header", "--no-annotate", *options, "-"]
    done = subprocess.run(command, input=pins, stdout=subprocess.PIPE, text=True, check=True)
    return _entries(done.stdout)


def without(lock: Lock, other: Lock) -> Lock:
    """The entries of packages that another lock has not."""
    names = {name for name, _ in other}
    return {key: entry for key, entry in lock.items() if key[0] not in names}


def of_cpu(here: tuple[str, set[str]], usual: tuple[str, set[str]], before: Lock) -> Lock:
    """torch's two entries: on Linux its CPU builds alone, elsewhere the usual files.

    pip prefers a file whose hash its index tells, so that a list of both would bring the CUDA build
    where the CPU build lies in a folder. Hashes that the lock had of the same version stay.
    """
    linux, others = ("torch", " ; sys_platform == 'linux'"), ("torch", " ; sys_platform != 'linux'")
    version, hashes = here
    if before.get(linux, ("",))[0] == version:
        hashes = hashes | before[linux][1]
    return {linux: (version, hashes), others: usual}


def _entries(text: str) -> Lock:
    found = _ENTRY.findall(text)
    return {
        (name, marker): (version, set(re.findall("[0-9a-f]{64}", hashes)))
        for name, version, marker, hashes in found
    }
