"""Jobs that predict the risks of single targets, before any rating is drawn."""

from twotower.cost import memory
from twotower.cost.data_jobs import DataSet
from twotower.cost.job import PlannedJob
from twotower.cost.memory import NUMBER
from twotower.cost.operations import closed_form
from twotower.cost.operations.fit_size import fits_of
from twotower.cost.operations.targets import target_waves
from twotower.cost.operations.work import Work
from twotower.data.targets import TOWERS
from twotower.predictions.sizes import PROJECTION_POINTS, RATING_PAIRS
from twotower.study import grid
from twotower.study.schema import Study
from twotower.towers.closed_form import limits

_DRAWN = 100
"""Operations on a frequency of a target where it is drawn and its energy summed."""


def sieve_job(data: DataSet, study: Study) -> PlannedJob:
    """The job of `predict` for the reference on a data set."""
    work = Work(start=1) + _targets(data, study)
    return PlannedJob("predict", f"reference-{data.id}", "data", work, _held(data, "start"))


def minimizer_job(run: grid.Run, data: DataSet, study: Study) -> PlannedJob:
    """The job of `predict` for the run of a cell under erm: units drawn, embeddings projected."""
    work = Work(torch=1) + _targets(data, study)
    points = (PROJECTION_POINTS, PROJECTION_POINTS)
    work["wave"] += study.replicates * target_waves(data.spec, points)
    fits = fits_of(run.cell.spec, run.cell.sample_sizes, study.replicates)
    drawn = {(fit.width, min(n, limits.DESIGN_POINTS)): fit for n, fit in fits.items()}
    for fit in drawn.values():
        pairs = PROJECTION_POINTS * fit.batch
        for dim in fit.dims:
            work += closed_form.hidden_layers(fit, dim)
            work.update(
                product=2 * pairs * (fit.layers(dim) + fit.features**2),
                unit=pairs * fit.width * fit.depth,
                factorization=closed_form.eigenvalues(fit.features) * fit.batch,
                call=30 * fit.batch,
            )
    widest = max(fits.values(), key=lambda fit: fit.width)
    units = widest.depth * widest.width + widest.features
    numbers = 2 * PROJECTION_POINTS * units + 2 * closed_form.candidates(widest.width) ** 2
    peak = _held(data, "torch") + numbers * NUMBER
    return PlannedJob("predict", run.id, "data", work, peak)


def _targets(data: DataSet, study: Study) -> Work:
    """Targets drawn, with pairs of theirs where ratings are bent."""
    bent = RATING_PAIRS if "rating_scale" in data.spec else 0
    return Work(wave=study.replicates * target_waves(data.spec, [_DRAWN + bent] * len(TOWERS)))


def _held(data: DataSet, libraries: str) -> float:
    return memory.BASE[libraries] + 20 * target_waves(data.spec, (1, 1)) * NUMBER
