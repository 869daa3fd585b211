"""Every job of a study before it starts: its rule, work, peak memory and what it writes.

The rules themselves stand in workflow/rules/*.smk; a test compares the two with a dry run.
"""

from collections.abc import Iterable, Iterator, Mapping

from twotower.cost import data_jobs, fit_jobs, prediction_jobs, risk_jobs
from twotower.cost.data_jobs import DataSet
from twotower.cost.job import PlannedJob
from twotower.cost.later_jobs import later_jobs
from twotower.study import arms, grid
from twotower.study.schema import Study


def jobs(study: Study) -> Iterator[PlannedJob]:
    """Every job of a whole run from nothing, in the order of the stages.

    Raises:
        ValueError: for cells that `reading.validated` refuses.
    """
    cells, runs, blocks = grid.cells(study), grid.runs(study), study.blocks()
    sizes: dict[str, set[int]] = {}
    for cell in cells:
        sizes.setdefault(cell.data_id, set()).update(cell.sample_sizes)
    unique = {cell.data_id: cell for cell in cells}
    data = {i: DataSet(i, cell.data_spec, sorted(sizes[i])) for i, cell in unique.items()}
    referenced = [data[i] for i, cell in unique.items() if cell.has_reference]
    for run in runs:
        if run.arm == arms.ERM:
            yield prediction_jobs.minimizer_job(run, data[run.cell.data_id], study)
    for one in referenced:
        yield prediction_jobs.sieve_job(one, study)
    for one in data.values():
        yield data_jobs.ratings_job(one, study)
        yield data_jobs.fresh_job(one, study)
    for block, (first, last) in enumerate(blocks):
        for run in runs:
            if run.arm in arms.TOWER_ARMS:
                about = f"{run.id}-{block}"
                yield fit_jobs.train_job(
                    run, data[run.cell.data_id], study, range(first, last), about
                )
        for one in referenced:
            yield fit_jobs.reference_job(one, study, last - first, f"{one.id}-{block}")
    for run in runs:
        own = data[run.cell.data_id]
        if run.arm == arms.JOINT:
            yield fit_jobs.joint_job(run, own, study)
        elif run.arm in arms.COMPARATORS:
            yield fit_jobs.comparator_job(run, own, study)
        else:
            yield risk_jobs.tower_risks_job(run, own, study)
    for one in referenced:
        yield risk_jobs.reference_risks_job(one, study)
    yield from risk_jobs.rank_jobs(study, runs, data)
    yield from later_jobs(study, len(runs) + len(referenced), _designs(data.values()))


_OF_IDS = (
    "predict", "generate_data", "generate_test_pairs", "train", "fit_reference", "fit_joint",
    "fit_comparator", "evaluate", "rank",
)  # fmt: skip
"""Rules whose jobs `Jobs` finds by the ids of runs and data sets."""


class Jobs:
    """Single jobs of a study, for studies with too many jobs to list them all."""

    def __init__(
        self, study: Study, runs: dict[str, grid.Run], data: dict[str, dict], sizes: dict[str, list]
    ) -> None:
        """Take runs by id, and settings and sample sizes of data sets by id."""
        self._study, self._runs = study, runs
        self._data = {i: DataSet(i, spec, sizes[i]) for i, spec in data.items()}
        self._blocks = study.blocks()
        self._later = {}
        for job in later_jobs(study, len(runs) + len(data), _designs(self._data.values())):
            self._later.setdefault(job.rule, job)  # those of a rule are alike

    def of(self, rule: str, wildcards: Mapping[str, str]) -> PlannedJob:
        """The job of a rule with its wildcards' values.

        Raises:
            KeyError: for a run or data set that the study does not have.
            NotImplementedError: for a rule that has no job in the study.
        """
        if rule in self._later:
            return self._later[rule]
        if rule not in _OF_IDS:
            new = f"give it one in {__name__} if the rule is new"
            raise NotImplementedError(f"the rule {rule!r} has no job in this study; {new}")
        fit = wildcards.get("fit") or wildcards.get("run") or wildcards["data"]
        block = int(wildcards.get("block", 0))
        replicates = range(*self._blocks[block])
        if fit in self._runs:
            run = self._runs[fit]
            data = self._data[run.cell.data_id]
            match rule:
                case "predict":
                    return prediction_jobs.minimizer_job(run, data, self._study)
                case "train":
                    return fit_jobs.train_job(run, data, self._study, replicates, f"{fit}-{block}")
                case "fit_joint":
                    return fit_jobs.joint_job(run, data, self._study)
                case "fit_comparator":
                    return fit_jobs.comparator_job(run, data, self._study)
                case "evaluate":
                    return risk_jobs.tower_risks_job(run, data, self._study)
                case "rank":
                    return risk_jobs.rank_job(fit, data, run.cell, self._study)
        data = self._data[fit.removeprefix("reference-")]
        match rule:
            case "predict":
                return prediction_jobs.sieve_job(data, self._study)
            case "generate_data":
                return data_jobs.ratings_job(data, self._study)
            case "generate_test_pairs":
                return data_jobs.fresh_job(data, self._study)
            case "fit_reference":
                return fit_jobs.reference_job(data, self._study, len(replicates), f"{fit}-{block}")
            case "evaluate":
                return risk_jobs.reference_risks_job(data, self._study)
            case "rank":
                return risk_jobs.rank_job(fit, data, None, self._study)
        raise KeyError(rule)


def _designs(data: Iterable[DataSet]) -> set[str]:
    return {one.spec.get("sampling", "fresh") for one in data}
