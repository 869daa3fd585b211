"""Random streams keyed by what they are for.

A stream's key is the SHA-256 of the canonical JSON of (seed, specification, role, replicate), so
the numbers of a cell never depend on the grid around it, on the order of jobs, or on the machine.
"""

import numpy as np

from twotower.base.identity import digest


def generator(seed: int, spec: dict, role: str, replicate: int) -> np.random.Generator:
    """The random stream of one role of one replicate of a specification.

    Drawing n values and then m more gives the same as drawing n + m at once, so samples of
    growing size are prefixes of each other. Draw in float64 on the CPU, then cast and move.
    """
    key = digest({"seed": seed, "spec": spec, "role": role, "replicate": replicate})
    words = np.frombuffer(key[:16], dtype="<u8")
    return np.random.Generator(np.random.Philox(key=words))


def fit_stream(
    seed: int, cell: dict, arm: str, n_ratings: int, width: int, role: str, replicate: int
) -> np.random.Generator:
    """The random stream of one role ("user_hidden", "minibatches", …) in the fit of a replicate,
    keyed by what is fitted, so that predictions can follow it.

    Args:
        seed: the study's.
        cell: settings of the cell (`Cell.spec`).
        arm, n_ratings, width: of the fit.
        role, replicate: whose stream it is.
    """
    key = {"cell": cell, "arm": arm, "n_ratings": n_ratings, "width": width}
    return generator(seed, key, role, replicate)
