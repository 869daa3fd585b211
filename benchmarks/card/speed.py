"""Networks a second in one batch, and steps beside JAX; seconds of the wall clock."""

import functools
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from card.checks import settings
from card.scale import Scale, sample
from twotower.base import pins
from twotower.towers import samples, training
from twotower.towers.networks import Towers
from twotower.towers.objectives import SquaredError

ROOT = Path(__file__).resolve().parents[2]
ABSENT = "JAX is not installed (`--jax PYTHON` names one that has it): it is left out."


def batches(scale: Scale) -> Iterator[str]:
    """Rows of a table: networks a second by their number in a batch."""
    yield "| arm | n | width | networks in a batch | networks a second | over one at a time |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for arm in ("erm", "adam"):
        alone = None
        for networks in scale.batches:
            drawn = sample(scale.n, scale.width, networks, scale.device)
            work = functools.partial(training.ARMS[arm], drawn, settings(arm, scale))
            scale.timed(work)  # warms up
            rate = networks / min(scale.timed(work) for _ in range(2))
            alone = alone or rate
            head = f"| {arm} | {scale.n:,} | {scale.width} | {networks} "
            yield head + f"| {rate:.1f} | {rate / alone:.1f} |"


def steps(scale: Scale, python: Path | None) -> Iterator[str]:
    """Rows of a table: loss and gradient of a batch, by this project and by JAX (vmap, jit).

    Both get the same numbers, and their losses are compared before they are timed.
    """
    if python is None:
        yield f"{ABSENT}\n"
    yield "| pairs | width | precision | this project, ms | JAX, ms | JAX over this project |"
    yield "| --- | --- | --- | --- | --- | --- |"
    with _rival(python, scale) as rival:
        for precision, dtype in samples.DTYPES.items():
            for n, width in itertools.product(scale.pairs, scale.widths):
                drawn = sample(n, width, scale.networks, scale.device, dtype)
                towers = training.random_towers(drawn)
                towers = towers.unflat(towers.flat().to(dtype))
                columns = [column.to(dtype) for column in drawn.pairs]
                step = functools.partial(SquaredError(towers, *columns), towers.flat())
                seconds = scale.step_seconds(step)
                row = f"| {n:,} | {width} | {precision} | {1e3 * seconds:.3f} "
                yield row + _beside(rival, towers, columns, step()[0], seconds)


@contextmanager
def _rival(python: Path | None, scale: Scale) -> Iterator[subprocess.Popen | None]:
    """A JAX process on the same kind of device, which is sent files of arrays; None without JAX."""
    if python is None:
        yield None
        return
    variables = {name: text for name, text in os.environ.items() if name not in pins.PINS}
    platform = "cuda" if scale.device.type == "cuda" else "cpu"
    variables |= {"JAX_PLATFORMS": platform, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    side = Path(__file__).with_name("jax_side.py")
    process = subprocess.Popen(
        [python, "-B", side, str(scale.seconds)],
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _beside(rival, towers: Towers, columns: list, loss: torch.Tensor, seconds: float) -> str:
    """The last two columns of a row."""
    if rival is None or rival.poll() is not None:
        return "| – | – |"
    layers = [t for tower in (towers.user, towers.item) for layer in tower for t in layer]
    arrays = {f"layer{index}": layer for index, layer in enumerate(layers)}
    arrays |= dict(zip(("users", "items", "ratings"), columns, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "step.npz"
        np.savez(path, **{name: tensor.cpu().numpy() for name, tensor in arrays.items()})
        print(path, file=rival.stdin, flush=True)
        answer = rival.stdout.readline()
    if not answer:
        return "| failed: its last words stand above | – |"
    found = json.loads(answer)
    apart = np.abs(np.array(found["losses"]) / loss.double().cpu().numpy() - 1).max()
    if apart > 1e-4:
        return f"| WRONG: its losses differ by {apart:.0e} | – |"
    return f"| {1e3 * found['seconds']:.3f} | {found['seconds'] / seconds:.1f} |"


def jax_python(given: str | None) -> Path | None:
    """A Python that has JAX: the given one, this one, or that of `.venv-jax`; None if none has."""
    places = [given] if given else [sys.executable, ROOT / ".venv-jax/bin/python"]
    for place in places:
        if Path(place).exists():
            asked = "import importlib.util, sys; sys.exit(not importlib.util.find_spec('jax'))"
            if subprocess.run([place, "-c", asked]).returncode == 0:
                return Path(place)
    return None
