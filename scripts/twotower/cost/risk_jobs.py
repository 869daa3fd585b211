"""Jobs that judge fits: their risks, and their rankings."""

from dataclasses import replace

from twotower.cost import memory
from twotower.cost.data_jobs import DataSet, fresh_bytes
from twotower.cost.job import PlannedJob
from twotower.cost.memory import NUMBER
from twotower.cost.operations.fit_size import FitSize, fits_of
from twotower.cost.operations.reference import reference_cutoff
from twotower.cost.operations.targets import box, target_waves
from twotower.cost.operations.work import Work
from twotower.data.ratings import SEEN_PAIRS
from twotower.data.targets import TOWERS
from twotower.study import grid
from twotower.study.schema import Study
from twotower.towers.steps import certified_of


def embedded(fit: FitSize, points: float) -> Work:
    """`tower_values.embeddings` of both towers of a fit at so many points each."""
    pairs = points * fit.batch
    wide = sum(dim > 1 for dim in fit.dims)  # one covariate is multiplied, not summed over
    weights = fit.weights if wide else fit.weights - sum(fit.dims) * fit.width
    return Work(product=2 * pairs * weights, forward=2 * pairs * fit.width * fit.depth)


def tower_risks_job(run: grid.Run, data: DataSet, study: Study) -> PlannedJob:
    """The job of `evaluate` for the towers of a run."""
    cell, test = run.cell, fresh_bytes(data, study)
    work = Work(start=1, byte=test)
    fits = fits_of(cell.spec, cell.sample_sizes, study.replicates)
    certified = certified_of(range(study.replicates), study.certificate_replicates)
    for n, fit in fits.items():
        points = study.test_pairs + min(n, SEEN_PAIRS)
        work += embedded(fit, points)
        if n in study.certified(cell.sample_sizes, run.settings):
            work += embedded(replace(fit, batch=3 * len(certified)), points)
    return PlannedJob("evaluate", run.id, "risks", work, memory.BASE["start"] + 1.5 * test)


def reference_risks_job(data: DataSet, study: Study) -> PlannedJob:
    """The job of `evaluate` for the reference on a data set."""
    test = fresh_bytes(data, study)
    work = Work(start=1, byte=test)
    for n in data.sizes:
        for tower in TOWERS:
            dim = data.spec[f"{tower}_intrinsic_dim"]
            waves = box(dim, reference_cutoff(data.spec, n)) * data.spec["rank"]
            pairs = study.replicates * study.test_pairs
            work.update(series=pairs * waves, judged=pairs)
    return PlannedJob(
        "evaluate", f"reference-{data.id}", "risks", work, memory.BASE["start"] + 1.5 * test
    )


def rank_job(about: str, data: DataSet, cell: grid.Cell | None, study: Study) -> PlannedJob:
    """The job of `rank` for the towers of a cell; without a cell, for the reference."""
    shape, spec = study.ranking, data.spec
    sizes = cell.sample_sizes if cell else data.sizes
    pairs = study.replicates * shape.users * shape.items
    waves = study.replicates * target_waves(spec, (shape.users, shape.items))
    work = Work(torch=1, wave=waves, listed=len(sizes) * pairs)
    for n in sizes:
        if cell:
            fit = fits_of(cell.spec, [n], study.replicates)[n]
            work += embedded(fit, (shape.users + shape.items) / 2)
        else:
            cutoff = reference_cutoff(spec, n)
            for tower, points in zip(TOWERS, (shape.users, shape.items), strict=True):
                waves = box(spec[f"{tower}_intrinsic_dim"], cutoff) * spec["rank"]
                work["series"] += study.replicates * points * waves
    peak = memory.BASE["torch"] + 8 * shape.users * shape.items * NUMBER
    return PlannedJob("rank", about, "rates", work, peak)
