"""Tables and figures over all experiments of a study: the one list of them.

Whoever adds one here writes a rule `<table>_table` in `workflow/rules/analyses.smk` for its table,
and a drawing in `scripts/report/draw_figures.py` for its figure. The workflow's targets, the cost
of a study and the names that no experiment may have follow from this list.
`tests/unit/study/test_registries.py` names what is still missing.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from twotower.study import arms
from twotower.study.schema import Study


@dataclass(frozen=True)
class Analysis:
    """A table over all experiments, and the figure that is drawn from it; or one of the two.

    Attributes:
        table: name of the table, `results/tables/<table>.csv`; "" for a figure of other results.
        figure: name of the figure; "" for a table without one.
        reads: what else the figure is drawn from: names in `_shared` of
            `twotower.study.jobs.job_inputs`.
        needs: what the table is made from, by the same names.
        wanted: whether a study has it, asked with the study and the designs (values of `sampling`)
            of its data sets.
    """

    table: str = ""
    figure: str = ""
    reads: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    wanted: Callable[[Study, Collection[str]], bool] = lambda study, designs: True


def _any_of(names: Collection[str]) -> Callable[[Study, Collection[str]], bool]:
    return lambda study, designs: not set(names).isdisjoint(study.arms)


_JUDGED = ("risks", "rates", "decisions")
ANALYSES = (
    Analysis(figure="learning_curves", reads=("rates", "curves")),
    Analysis(
        "meta_regression",
        "slope_comparison",
        reads=("rates", "decisions"),
        needs=("rates", "decisions"),
    ),
    Analysis("extrapolation", "extrapolation", needs=_JUDGED),
    Analysis("falsifiability", "falsifiability", needs=("decisions",)),
    Analysis("levels", "levels", reads=("decisions",), needs=("curves", "rates")),
    Analysis("cold_start", needs=_JUDGED),
    Analysis(
        "error_budget",
        "error_budget",
        needs=("risks", "rates"),
        wanted=_any_of(arms.TOWER_ARMS),
    ),
    Analysis(figure="plain_training_cost", reads=("risks",), wanted=_any_of([arms.ADAM])),
    Analysis(
        "tournament",
        "tournament",
        needs=("rates", "decisions"),
        wanted=lambda study, designs: "max_not_sum" in study.experiments,
    ),
    Analysis("lemmas", "lemmas", wanted=lambda study, designs: study.lemmas is not None),
    Analysis(
        "ranking",
        "ranking",
        reads=("ranking_curves",),
        needs=("rankings", *_JUDGED),
        wanted=lambda study, designs: study.ranking is not None,
    ),
    Analysis(
        "components",
        "components",
        needs=("best_lists", "component_lists", "decisions"),
        wanted=lambda study, designs: study.components is not None,
    ),
    Analysis(
        "two_stages",
        "two_stages",
        needs=("regret_splits", "decisions"),
        wanted=lambda study, designs: study.two_stages is not None,
    ),
    Analysis(
        "methods", "methods", reads=("curves",), needs=_JUDGED, wanted=_any_of(arms.COMPARATORS)
    ),
    Analysis(
        "newcomers",
        "newcomers",
        needs=("risks", "decisions"),
        wanted=lambda study, designs: "repeated" in designs,
    ),
    Analysis(
        "clicks",
        "clicks",
        reads=("click_curves",),
        needs=("click_risks", "click_predictions", "rates", "click_decisions"),
        wanted=lambda study, designs: "clicks" in designs,
    ),
    Analysis(
        "click_claims",
        needs=("clicks", "rates", "click_decisions"),
        wanted=lambda study, designs: "clicks" in designs,
    ),
)
"""In the order in which the workflow and `make plan` list them."""

RESERVED = frozenset(name for each in ANALYSES for name in (each.table, each.figure) if name)
"""Names of all tables and figures, which are targets of the workflow."""


def of(study: Study, designs: Collection[str]) -> list[Analysis]:
    """The analyses that a study has; `designs` are those of its data sets."""
    return [each for each in ANALYSES if each.wanted(study, designs)]
