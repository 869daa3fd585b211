"""Operations of a fit, by arm of towers, and of a training job."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from twotower.cost.operations import clicks
from twotower.cost.operations.closed_form import closed_form, whitenings
from twotower.cost.operations.evaluations import (
    adam_steps,
    matrix_products,
    minimizer,
    squared_errors,
)
from twotower.cost.operations.fit_size import Certificate, FitSize, fits_of
from twotower.cost.operations.work import Work
from twotower.study import arms
from twotower.towers import chunks
from twotower.towers.steps import (
    FULL_BATCH_CLICKS,
    ORACLE,
    ORACLE_FACTOR,
    RENEWED_EVERY,
    with_steps,
)


def erm_work(fit: FitSize, alternations: int, joint_steps: int, from_start: bool = False) -> Work:
    """`training.erm`: the closed form, then L-BFGS; `from_start`: from given towers."""
    work = _joint_training(fit, alternations, joint_steps, from_start)
    blocks = math.ceil(joint_steps / RENEWED_EVERY)  # each with curvatures at its start
    if not joint_steps:
        return work + squared_errors(fit, 1, sorts=True)
    return work + squared_errors(fit, joint_steps + 2 * blocks, sorts=True)


def _joint_training(fit: FitSize, alternations: int, joint_steps: int, from_start: bool) -> Work:
    """The closed form, and `joint_training.train` but for its objective."""
    work = closed_form(fit, alternations, from_start) + minimizer(fit, joint_steps)
    for _ in range(math.ceil(joint_steps / RENEWED_EVERY) - 1):  # the first is handed on
        work += whitenings(fit)
    return work


def adam_work(fit: FitSize, steps: int, batch_size: int) -> Work:
    """`training.adam`: minibatches, then the loss at all pairs."""
    return adam_steps(fit, steps, batch_size) + squared_errors(fit, 1)


def pairwise_work(
    fit: FitSize, alternations: int, joint_steps: int, comparisons: int, from_start: bool = False
) -> Work:
    """`training.pairs_of_ratings`: as erm, by matrices, with scores computed twice and pairs
    compared.
    """
    work = _joint_training(fit, alternations, joint_steps, from_start)
    pairs = fit.n * min(comparisons, fit.n - 1) * fit.batch
    calls = 20 * fit.batch * math.ceil(fit.n / chunks.COMPARED)
    again = matrix_products(fit, (joint_steps + 1) * 4 / 3)
    return (
        work
        + again
        + squared_errors(fit, 1)
        + Work(compared=(joint_steps + 1) * pairs, call=(joint_steps + 1) * calls)
    )


ARM_WORK: dict[str, Callable[[FitSize, dict, bool], Work]] = {
    "erm": lambda fit, of, start: erm_work(fit, of["alternations"], of["joint_steps"], start),
    "adam": lambda fit, of, start: adam_work(fit, of["steps"], of["batch_size"]),
    "pairwise": lambda fit, of, start: pairwise_work(
        fit, of["alternations"], of["joint_steps"], of["comparisons"], start
    ),
    arms.SOFTMAX_ADAM: lambda fit, of, start: clicks.adam_work(fit, arms.SOFTMAX_ADAM, of["steps"]),
} | {
    arm: lambda fit, of, start, arm=arm: clicks.full_batch_work(
        fit, arm, of["output_steps"], of["joint_steps"], start
    )
    for arm in FULL_BATCH_CLICKS
}
"""By arm of towers, the operations of a fit with its settings; the last argument says whether
training starts from given towers."""


def train_work(
    cell: dict,
    arm: str,
    settings: dict,
    sizes: Sequence[int],
    certificate: Certificate,
    batch: int,
    precision: str = "float64",
    device: str = "cpu",
) -> Work:
    """`training_job.train`: every size, and three further fits at a certificate's.

    Raises:
        NotImplementedError: for an arm of towers that `ARM_WORK` lacks.
    """
    if arm not in ARM_WORK:
        place = f"ARM_WORK of {__name__}"
        raise NotImplementedError(f"the arm {arm!r} has no cost: count its operations in {place}")
    of = ARM_WORK[arm]
    doubled, longer = (with_steps(arm, settings, factor) for factor in (2, ORACLE_FACTOR[arm]))
    work = Work(torch=1)
    for n, fit in fits_of(cell, sizes, batch, precision, device).items():
        work += of(fit, settings, False)
        if n in certificate.sizes:
            some = replace(fit, batch=certificate.batch)
            work += erm_work(certificate.oracle(fit, max(sizes)), **ORACLE)
            work += of(some, doubled, False) + of(some, longer, True)
    return work
