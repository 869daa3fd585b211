"""Everything that wants a graphics card, in one run of at most eight minutes.

Prints Markdown for docs/benchmarks.md, with the card's name: is it right, the same each time, and
does it wait; networks a second in a batch and beside JAX; the tiny study through Snakemake; a large
cell of the paper's study; predicted and measured costs. It needs no network. What has no time left
is skipped, and said. Status 0: all is well. 1: something is WRONG, and marked so. 3: no card.

`--on cpu` tries the program without a card, on small sizes; its figures mean nothing.
"""

import argparse
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "benchmarks")]

import twotower  # noqa: E402, F401, I001  first: it pins the numerical libraries
import torch  # noqa: E402
from card import checks, speed, studies  # noqa: E402
from card.scale import Scale, TooLongError, at_most, small  # noqa: E402

from twotower.towers import training_job  # noqa: E402

NO_CARD = (
    "No CUDA card is here, and nothing was measured; `--on cpu` tries the program without one."
)
RESERVE = 5.0
"""Seconds kept for ending."""


def parts(scale: Scale, jax: Path | None) -> dict[str, tuple[str, float, Callable]]:
    """By name: a title, the most seconds that the part may take, and its lines.

    The part is told the seconds that it has.
    """
    return {
        "right": ("Against the CPU", 70, lambda _: checks.against_the_cpu(scale)),
        "bits": ("The same bits", 45, lambda _: checks.same_bits_twice(scale)),
        "waits": ("Waiting for the card", 30, lambda _: checks.no_waiting(scale)),
        "study": ("The tiny study", 120, lambda left: studies.tiny_study(scale, left)),
        "cell": ("A large cell", 70, lambda _: studies.large_cell(scale)),
        "batch": ("Networks in one batch", 60, lambda _: speed.batches(scale)),
        "steps": ("Steps beside JAX", 80, lambda _: speed.steps(scale, jax)),
    }


def measured(lines: Iterator[str], seconds: float) -> bool:
    """Print a part's lines as they come; whether none of them says WRONG."""
    well = True
    try:
        with at_most(seconds):
            for line in lines:
                print(line, flush=True)
                well &= "WRONG" not in line
    except TooLongError:
        print(f"\nSkipped from here on: its {seconds:.0f} s are over.", flush=True)
    except (RuntimeError, ValueError) as error:
        print(f"\nWRONG: {type(error).__name__}: {error}", flush=True)
        return False
    return well


def about(device: torch.device) -> str:
    """The card, or that none was used, the commit, and versions."""
    command = ["git", "describe", "--always", "--dirty"]
    try:
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    except OSError:
        told = ""
    card = "No card was used: these figures mean nothing"
    if device.type == "cuda":
        card = f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}"
    python = platform.python_version()
    return f"{card}; commit {told or 'unknown'}, torch {torch.__version__}, Python {python}."


def main() -> int:
    """Measure part by part, and return the status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--on", choices=("cuda", "cpu"), default="cuda", help="the device")
    parser.add_argument("--only", nargs="+", metavar="PART", help="leave the other parts out")
    parser.add_argument("--most", type=float, default=480, metavar="SECONDS", help="in all")
    parser.add_argument("--jax", metavar="PYTHON", help="a Python that has JAX")
    given = parser.parse_args()
    ends = time.monotonic() + given.most - RESERVE
    device = training_job.device_for(given.on == "cuda")
    if given.on != device.type:
        print(NO_CARD, file=sys.stderr)
        return 3
    scale = small(device) if given.on == "cpu" else Scale(device)
    listed = parts(scale, speed.jax_python(given.jax))
    if unknown := set(given.only or ()) - set(listed):
        parser.error(f"--only: {', '.join(sorted(unknown))}; allowed: {', '.join(listed)}")
    print(about(device), flush=True)
    well = True
    for name in given.only or listed:
        title, most, lines = listed[name]
        seconds = min(most, ends - time.monotonic())
        print(f"\n### {title}\n", flush=True)
        if seconds <= 0:
            print(f"Skipped: the {given.most:.0f} s are over.", flush=True)
            continue
        began = time.monotonic()
        well &= measured(lines(seconds), seconds)
        print(f"\n({time.monotonic() - began:.0f} s of at most {most:.0f})", flush=True)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
