"""Steps and whole fits beside PyTorch and JAX, in one run: `make bench-throughput`.

Prints Markdown for docs/benchmarks.md: processor time of loss and gradient of a batch of networks
by this project, by two ways to write it in PyTorch and by JAX; the share of the processor's
measured peak that this project reaches; and whole fits beside optimistix at equal training loss.
The contestants take turns, and the best of their turns counts. JAX is left out where
`make .venv-jax/installed` has not been run. `--only steps` or `--only fits` leaves the other out.
"""

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import twotower  # noqa: E402, F401, I001  first: it pins the numerical libraries
import torch  # noqa: E402
from rivals import fits, jax_pipe, steps  # noqa: E402


def main() -> None:
    """Measure, and print each row as soon as it is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("steps", "fits"), help="leave the other part out")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contestant")
    parser.add_argument("--seconds", type=float, default=0.05, help="of each turn")
    parser.add_argument("--most", type=float, default=50.0, help="when to give up a fit, in ours")
    given = parser.parse_args()
    torch.set_num_threads(1)
    jax = jax_pipe.started()
    versions = {"torch": torch.__version__} | (jax.versions if jax else {})
    about = [f"commit {commit()}", platform.machine(), f"{len(os.sched_getaffinity(0))} cores"]
    about += [f"{name} {version}" for name, version in versions.items()]
    print(f"{', '.join(about)}.\n", flush=True)
    if not jax:
        print(f"{jax_pipe.ABSENT}\n", flush=True)
    if given.only != "fits":
        for line in steps.lines(jax, given.rounds, given.seconds):
            print(line, flush=True)
    if given.only != "steps" and jax:
        print(f"\nWhole fits, seconds of processor time:\n\n{fits.HEAD}", flush=True)
        for line in fits.lines(jax, given.most):
            print(line, flush=True)
    if jax:
        jax.close()


def commit() -> str:
    """The commit that is measured, and whether files differ from it."""
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
