"""Pin what envs/*.in name, with hashes: `make lock`, in an environment that holds pip and uv.

On Linux requirements.txt takes the CPU builds of torch, a fifth of the size; requirements-cuda.txt
takes the usual files, with the CUDA libraries that these need.
"""

import sys
from pathlib import Path

from twotower.records.package_locks import Lock, hashed, of_cpu, read, resolved, without, write

ENVS = Path(__file__).resolve().parents[1] / "envs"
TORCH = ("torch", "")


def written(name: str, found: Lock, source: str = "", more: str = "") -> None:
    """Write envs/<name>.txt."""
    head = f"# Exact pins of everything in {source or name}.in and what it needs"
    write(ENVS / f"{name}.txt", f"{head}; made by `make lock`.\n{more}", found)


base = ENVS / "requirements.in"
found = resolved(base)
if not found[TORCH][1]:
    sys.exit("pip finds no CPU build of torch here: name an index or a folder that holds one")
usual = hashed(found, "--no-deps")
cpu = of_cpu(found[TORCH], usual[TORCH], read(ENVS / "requirements.txt"))
written("requirements", {key: usual[key] for key in usual if key != TORCH} | cpu)

limit = f"--constraint={ENVS / 'requirements.txt'}"
cuda = hashed({TORCH: found[TORCH]}, "--universal", "--python-version=3.11", limit)
written("requirements-cuda", usual | without(cuda, found), "requirements")

dev = without(resolved(base, ENVS / "requirements-dev.in"), found)
written("requirements-dev", hashed(dev, "--no-deps"), more="-r requirements.txt\n")
for alone in ("requirements-validator", "requirements-jax"):  # each in an environment of its own
    written(alone, hashed(resolved(ENVS / f"{alone}.in"), "--no-deps"))
