"""One training job: a configuration with all its sample sizes and a block of replicates."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from twotower.base.seeds import fit_stream
from twotower.data import sampling
from twotower.theory.bound import Theory
from twotower.theory.width import units
from twotower.towers import cards
from twotower.towers.checkpoint import Checkpoint
from twotower.towers.closed_form import rating_statistics
from twotower.towers.networks import Towers
from twotower.towers.samples import DTYPES, Clicks, Sample
from twotower.towers.steps import (
    CLICK_BATCH,
    ORACLE,
    ORACLE_FACTOR,
    ORACLE_SIZES,
    certified_of,
    with_steps,
)
from twotower.towers.training import ARMS
from twotower.towers.weights import fits_in, named

_CATALOGUE = ("catalogue_covariates", "catalogue_log_popularity", "catalogue_log_share")


@dataclass(frozen=True)
class SizeResult:
    """What one sample size of a job gives; tensors are named as in the job's weight file.

    Attributes:
        start: "used", or "doubled" and "oracle" where the optimization error is measured, and
            "noise_free" for the oracle itself, whose risk is the approximation error. These
            three are fits of the first replicates only, and have fewer rows.
        training_loss: [B].
    """

    n_ratings: int
    start: str
    width: int
    steps: int
    training_loss: np.ndarray
    seconds: float
    tensors: dict[str, np.ndarray]


def device_for(gpu: bool) -> torch.device:
    """CUDA where the study asks for it and there is a card, the CPU otherwise; deterministic.

    The process takes one card for itself, and waits for one while other jobs hold them all.
    """
    if gpu:  # before anything else of CUDA, which then sees no other card
        cards.take(torch.cuda.device_count())
        cards.check(torch.cuda.device_count())
    torch.set_num_threads(1)
    torch.set_deterministic_debug_mode("error")  # the usual call loads a compiler
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    return torch.device("cuda" if gpu and torch.cuda.is_available() else "cpu")


def train(
    spec: dict,
    data: dict[str, np.ndarray],
    replicates: range,
    checkpoint: Checkpoint | None = None,
) -> Iterator[SizeResult]:
    """Fit every sample size of a configuration, the smallest first.

    Args:
        spec: plain settings: `seed`, `cell` (a cell's spec), `arm`, `settings` (of the arm),
            `precision`, `gpu`, `sample_sizes`; `certificate_sizes`, the ones of them at which the
            optimization error is measured, and `certificate_replicates`, below which number a
            replicate takes part in this; for an arm that asks which user a rating is of also
            `data`, the cell's data settings.
        data: `user_covariates` [B, n, D_u], `item_covariates`, `ratings` and `signal` [B, n]; of
            clicks also `items` [B, n], and of their catalogue `catalogue_covariates` [B, N, D_i],
            `catalogue_log_popularity` and `catalogue_log_share` [B, N].
        replicates: which replicates the rows of the arrays are.
        checkpoint: of this very job; what an earlier attempt has finished is not fitted again.

    Yields:
        One result for each size and, at a certificate size, one for each further start.
    """
    cell, settings = spec["cell"], spec["settings"]
    checkpoint = checkpoint or Checkpoint()
    device = device_for(spec["gpu"])
    names = ("user_covariates", "item_covariates", "ratings", "signal")
    given = {name: torch.from_numpy(data[name]).to(device) for name in names}
    theory = Theory.of(cell)
    is_clicks = cell.get("sampling") == "clicks"
    if is_clicks:
        given |= {name: torch.from_numpy(data[name]).to(device) for name in _CATALOGUE}

    def clicks(n: int, batch: int) -> Clicks | None:
        if not is_clicks:
            return None
        items = torch.from_numpy(data["items"][:batch, :n].astype(np.int64))
        about = (given[name][:batch] for name in _CATALOGUE)
        return Clicks(items.to(device), *about, cell.get("click_batch", CLICK_BATCH))

    def sample(n: int, width: int, used: range, ratings: str = "ratings") -> Sample:
        def random(role: str) -> list[np.random.Generator]:
            fit = spec["seed"], cell, spec["arm"], n, width, role
            return [fit_stream(*fit, r) for r in used]

        numbers = None
        if "data" in spec:
            users = [sampling.numbers(spec["seed"], spec["data"], r, n)[0] for r in used]
            numbers = torch.from_numpy(np.stack(users)).to(device)
        return Sample(
            given["user_covariates"][: len(used), :n],
            given["item_covariates"][: len(used), :n],
            given[ratings][: len(used), :n],
            width,
            cell["depth"],
            cell.get("embedding_dim", cell["rank"]) + is_clicks,
            DTYPES[spec["precision"]],
            random,
            numbers,
            clicks(n, len(used)),
        )

    def fitted(
        n: int, start: str, arm: str, chosen: dict, used: Sample, towers: Towers | None = None
    ) -> SizeResult:
        name = f"{n}/{start}"
        if name not in checkpoint.finished:
            began, progress = time.perf_counter(), checkpoint.fit(name)
            fit = ARMS[arm](used, chosen, towers, progress)
            bound = rating_statistics.largest(used.ratings)
            arrays = named(fit.towers, bound, fit.training_loss, n, start)
            seconds = progress.seconds + time.perf_counter() - began
            values = {"n_ratings": n, "start": start, "width": used.width, "steps": fit.steps}
            checkpoint.finish(name, arrays, values | {"seconds": seconds})
        entry = checkpoint.finished[name]
        loss = entry.arrays[f"{n:09d}/{start}/training_loss"]
        return SizeResult(**entry.values, training_loss=loss, tensors=entry.arrays)

    certified = certified_of(replicates, spec["certificate_replicates"])
    for n in spec["sample_sizes"]:
        width = units(cell["width"], theory, n)
        yield fitted(n, "used", spec["arm"], settings, sample(n, width, replicates))
        if not certified or n not in spec["certificate_sizes"]:
            continue
        large = min(ORACLE_SIZES * n, max(spec["sample_sizes"]))
        noise_free = sample(large, width, certified, "signal")
        result = fitted(n, "noise_free", "erm", ORACLE, noise_free)
        yield result
        current = sample(n, width, certified)
        arm = spec["arm"]
        yield fitted(n, "doubled", arm, with_steps(arm, settings, 2), current)
        ((_, _, oracle, _),) = fits_in(result.tensors)
        oracle = oracle.unflat(oracle.flat().to(device))
        longer = with_steps(arm, settings, ORACLE_FACTOR[arm])
        yield fitted(n, "oracle", arm, longer, current, oracle)
