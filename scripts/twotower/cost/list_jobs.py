"""Jobs that judge lists by the number of components, or by their stages."""

from twotower.cost import memory, methods
from twotower.cost.data_jobs import DataSet
from twotower.cost.job import PlannedJob
from twotower.cost.memory import NUMBER
from twotower.cost.operations.fit_size import fits_of
from twotower.cost.operations.targets import target_waves
from twotower.cost.operations.work import Work
from twotower.cost.risk_jobs import embedded
from twotower.data.groups import TOWERS
from twotower.study import grid
from twotower.study.blocks.components import Components
from twotower.study.jobs.job_list import JobList
from twotower.study.schema import Study

_FREE_SIZES = 3
"""Numbers of components with which free embeddings need all their steps; more end early."""


def fitted_job(run: grid.Run, data: DataSet, study: Study) -> PlannedJob:
    """The job of `list_components` for the towers of a run."""
    block = study.components
    points, cell = block.users + block.items, run.cell
    pairs = study.replicates * block.users * block.items
    waves = study.replicates * target_waves(data.spec, (block.users, block.items))
    work = Work(start=1, wave=waves, scored=len(cell.sample_sizes) * (1 + len(block.ks)) * pairs)
    for fit in fits_of(cell.spec, cell.sample_sizes, study.replicates).values():
        work += embedded(fit, points / 2)
    return PlannedJob("list_components", run.id, "rates", work, _peak(block))


def best_job(listed: JobList) -> PlannedJob:
    """The job of `best_components`, for all targets."""
    study, block = listed.study, listed.study.components
    work, pairs = Work(start=1), block.users * block.items
    free = min(study.replicates, block.free_targets) * _FREE_SIZES * len(block.ks)
    for data in listed.component_targets.values():
        dims = [dim for dim in block.dims if dim <= data["rank"]]
        scored = study.replicates * len(dims) * (1 + len(block.ks)) * pairs
        waves = study.replicates * target_waves(data, (block.users, block.items))
        trained = free * block.free_steps * block.free_users * block.free_items
        work.update(wave=waves, scored=scored, free=trained)
    return PlannedJob("best_components", "", "rates", work, _peak(block))


def _peak(block: Components) -> float:
    return memory.BASE["start"] + 6 * block.users * block.items * NUMBER


def split_job(run: grid.Run, data: DataSet, study: Study) -> PlannedJob:
    """The job of `split_regret` for the towers of a run: two rankers are fitted at every size."""
    block, cell = study.two_stages, run.cell
    targets = min(block.targets, study.replicates)
    most, items = block.catalogues[-1], sum(block.catalogues)
    columns = sum(data.spec[f"{tower}_ambient_dim"] for tower in TOWERS)
    searches = len(block.catalogues) + (block.approximate is not None)
    predicted = searches * block.users * block.candidates[-1]
    work = Work(start=2, byte=data.bytes(study.replicates))
    work["wave"] = targets * target_waves(data.spec, (block.users, most))
    work["scored"] = targets * items * block.users
    for n, fit in fits_of(cell.spec, cell.sample_sizes, targets).items():
        work += embedded(fit, most / 2 + n)
        work["second"] += (
            2
            * targets
            * methods.seconds("boosting", block.budget, n, predicted, columns + 1, False)
        )
        work["scored"] += 0.1 * targets * items * block.users
        work["clustered"] += targets * most * (block.approximate is not None)
    held = most * (2 * data.spec["rank"] + 3 * columns + 4 * cell.columns()["embedding_dim"])
    peak = memory.BASE["methods"] + data.held(study, study.replicates)
    peak += (held + 3 * block.users * block.candidates[-1] * data.spec["rank"]) * NUMBER
    return PlannedJob("split_regret", run.id, "rates", work, peak + 2**27)
