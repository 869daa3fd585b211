"""The jobs after the risks: rates, tables and figures."""

from collections.abc import Iterator

from twotower.cost.job import PlannedJob
from twotower.cost.operations.work import Work
from twotower.study import analyses
from twotower.study.schema import Study


def later_jobs(study: Study, curves: int, designs: set[str]) -> Iterator[PlannedJob]:
    """Rates, tables and figures: their seconds were measured, and hardly depend on sample sizes.

    Args:
        curves: runs and references, each of which has a learning curve.
        designs: values of `sampling` of the study's data sets.
    """

    def job(
        rule: str, stage: str, seconds: float, about: str = "", disk: float = 1e5
    ) -> PlannedJob:
        return PlannedJob(rule, about, stage, Work(second=seconds), 2.3e8, disk)

    yield job("index", "rates", 0.5)
    yield job("predictions", "tables", 2.0)
    yield job("check_fitter", "rates", 3.5)
    for name in study.experiments:
        yield job("fit_rates", "rates", 1.5 + 0.05 * curves / len(study.experiments), name)
    yield job("combine_rates", "tables", 1.0)
    wanted = analyses.of(study, designs)
    for table in (each.table for each in wanted if each.table):
        networks = study.lemmas.networks if table == "lemmas" else 0
        yield job(f"{table}_table", "tables", 1.3 + 0.003 * networks)
    yield job("claims", "tables", 1.3)
    yield job("tables", "tables", 1.0)
    for name in study.experiments:
        yield job("draw_experiment", "figures", 3.5, name, 1e6)
    for name in (each.figure for each in wanted if each.figure):
        yield job("draw_figure", "figures", 3.5, name, 1e6)
