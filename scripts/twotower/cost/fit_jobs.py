"""Jobs that fit ratings: towers, the reference, the joint regression and other methods."""

import math

from twotower.cost import memory, methods
from twotower.cost.data_jobs import DataSet, fresh_bytes, points_drawn
from twotower.cost.job import PlannedJob
from twotower.cost.memory import NUMBER
from twotower.cost.operations import reference
from twotower.cost.operations.arms import train_work
from twotower.cost.operations.fit_size import Certificate, fits_of
from twotower.cost.operations.work import Work
from twotower.data import sampling
from twotower.data.groups import MOST_PAIRS, PAIR_KINDS
from twotower.data.targets import TOWERS
from twotower.study import arms, grid
from twotower.study.schema import Study
from twotower.theory.bound import Theory


def train_job(
    run: grid.Run, data: DataSet, study: Study, replicates: range, about: str
) -> PlannedJob:
    """The job of `train` with a block of replicates; `about` is its id."""
    cell, batch = run.cell, len(replicates)
    certificate = Certificate.of(study, run, replicates)

    def work(device: str) -> Work:
        shape = (cell.sample_sizes, certificate, batch, run.precision, device)
        made = train_work(cell.spec, run.arm, run.settings, *shape)
        made["byte"] += data.bytes(batch)
        return made

    fits = fits_of(cell.spec, cell.sample_sizes, batch, run.precision)
    weights = batch * sum(fit.weights for fit in fits.values())
    weights += 3 * certificate.batch * sum(fits[size].weights for size in certificate.sizes)
    closes = run.arm not in (arms.ADAM, arms.SOFTMAX_ADAM)
    peak = memory.training(fits, certificate, closes) + data.held(study, batch)
    if run.arm in arms.CLICK_ARMS:
        peak += memory.clicks(fits.values())
    if run.arm in arms.BY_USER:  # users, orders, scores and the like of every rating
        peak += 12 * batch * max(cell.sample_sizes) * NUMBER
    disk = weights * NUMBER
    return PlannedJob("train", about, "fits", work("cpu"), peak, disk, lambda: work("cuda"))


def reference_job(data: DataSet, study: Study, batch: int, about: str) -> PlannedJob:
    """The job of `fit_reference` with a block of `batch` replicates; `about` is its id."""
    work = reference.reference_work(data.spec, data.sizes, batch)
    work["byte"] += data.bytes(batch)
    rank, cutoff = data.spec["rank"], max(reference.tried_cutoffs(data.spec, data.most))
    functions = max(reference.ball(data.spec[f"{tower}_intrinsic_dim"], cutoff) for tower in TOWERS)
    peak = memory.sieve(rank, data.most, functions) + data.held(study, batch)
    disk = batch * len(data.sizes) * 32 * rank * functions / 3  # fewer at smaller sizes
    return PlannedJob("fit_reference", about, "fits", work, peak, disk)


def joint_job(run: grid.Run, data: DataSet, study: Study) -> PlannedJob:
    """The job of `fit_joint`, which measures its own risks."""
    spec, most = run.cell.spec, run.settings["most_neighbours"]
    theory = Theory.of(spec)
    both = theory.user_intrinsic_dim + theory.item_intrinsic_dim
    columns = spec["user_ambient_dim"] + spec["item_ambient_dim"]
    power = 1.0  # of n in the best number of neighbours
    if math.isfinite(theory.smoothness):
        power = 2 * theory.smoothness / (2 * theory.smoothness + both)
    work = Work(torch=1, byte=fresh_bytes(data, study))
    for n in run.cell.sample_sizes:
        chosen = min(most, n**power)
        found = 0.2 * n * min(most, 0.8 * n) + study.test_pairs * (chosen + 8 * columns)
        work["neighbour"] += study.replicates * found * columns**0.5
    ratings = data.bytes(study.replicates)
    nearest = 3 * max(0.2 * data.most, study.test_pairs / 4) * most * NUMBER
    peak = memory.BASE["torch"] + ratings + fresh_bytes(data, study) + nearest
    return PlannedJob("fit_joint", run.id, "risks", work, peak)


def comparator_job(run: grid.Run, data: DataSet, study: Study) -> PlannedJob:
    """The job of `fit_comparator`, which measures its own risks."""
    spec = data.spec
    again = spec.get("sampling") in sampling.AGAIN
    known = spec.get("sampling") == "repeated"
    judged = len(PAIR_KINDS) * min(study.test_pairs, MOST_PAIRS) if known else study.test_pairs
    columns = spec["user_ambient_dim"] + spec["item_ambient_dim"]
    work = Work(start=2, byte=fresh_bytes(data, study))
    for n in run.cell.sample_sizes:
        each = methods.seconds(run.arm, run.settings["budget"], n, judged, columns, again)
        work["second"] += study.replicates * each
    held = data.bytes(study.replicates) + fresh_bytes(data, study)
    compared = max(points_drawn(spec, data.most).values()) if again else 0
    own = methods.peak(run.arm, data.most, columns, compared)
    peak = memory.BASE["methods"] + 1.5 * held + own
    return PlannedJob("fit_comparator", run.id, "risks", work, peak)
