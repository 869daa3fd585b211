"""Jobs that predict the risks of single targets, before any rating is drawn."""

from twotower.cost import memory
from twotower.cost.data_jobs import DataSet
from twotower.cost.job import PlannedJob
from twotower.cost.memory import NUMBER
from twotower.cost.operations.targets import target_waves
from twotower.cost.operations.work import Work
from twotower.study import grid
from twotower.study.schema import Study

_DRAWN = 100
"""Operations on a frequency of a target where it is drawn and its energy summed."""


def sieve_job(data: DataSet, study: Study) -> PlannedJob:
    """The job of `predict` for the reference on a data set."""
    frequencies = target_waves(data.spec, (1, 1))
    work = Work(start=1, wave=_DRAWN * study.replicates * frequencies)
    peak = memory.BASE["start"] + 20 * frequencies * NUMBER
    return PlannedJob("predict", f"reference-{data.id}", "data", work, peak)


def minimizer_job(run: grid.Run, data: DataSet, study: Study) -> PlannedJob:
    """The job of `predict` for the run of a cell under erm."""
    return PlannedJob("predict", run.id, "data", Work(start=1), memory.BASE["start"])
