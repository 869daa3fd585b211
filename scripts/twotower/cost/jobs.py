"""Every job of a study before it starts: its rule, work, peak memory and what it writes.

The rules themselves stand in workflow/rules/*.smk; a test compares the two with a dry run.
"""

from collections.abc import Iterator, Mapping

from twotower.cost import data_jobs, fit_jobs, list_jobs, prediction_jobs, risk_jobs
from twotower.cost.data_jobs import DataSet
from twotower.cost.job import PlannedJob
from twotower.cost.later_jobs import later_job
from twotower.study.jobs.job_list import JobList
from twotower.study.schema import Study


def jobs(study: Study) -> Iterator[PlannedJob]:
    """Every job of a whole run from nothing, in the order of the stages.

    Raises:
        ValueError: for cells that `reading.validated` refuses.
    """
    listed = JobList(study)
    known = Jobs(listed)
    return (known.of(rule, wildcards) for rule, wildcards in listed)


class Jobs:
    """Single jobs of a study, for studies with too many jobs to list them all."""

    def __init__(self, listed: JobList) -> None:
        self._listed, self._study = listed, listed.study
        self._data = {i: DataSet(i, spec, listed.sizes[i]) for i, spec in listed.data.items()}

    def of(self, rule: str, wildcards: Mapping[str, str]) -> PlannedJob:
        """The job of a rule with its wildcards' values.

        Raises:
            KeyError: for a run or data set that the study does not have.
            NotImplementedError: for a rule that has no job in the study.
        """
        study, listed = self._study, self._listed
        if rule == "best_components":
            return list_jobs.best_job(listed)
        if wildcards.keys().isdisjoint(("fit", "run", "data")):
            return later_job(listed, rule, wildcards)
        fit = wildcards.get("fit") or wildcards.get("run") or wildcards["data"]
        block = int(wildcards.get("block", 0))
        replicates = range(*listed.blocks[block])
        run = listed.runs.get(fit)
        data = self._data[listed.data_of(fit)]
        match rule:
            case "generate_data":
                return data_jobs.ratings_job(data, study)
            case "generate_test_pairs":
                return data_jobs.fresh_job(data, study)
            case "fit_reference":
                return fit_jobs.reference_job(data, study, len(replicates), f"{fit}-{block}")
            case "rank":
                return risk_jobs.rank_job(fit, data, run.cell if run else None, study)
            case "list_components" if run:
                return list_jobs.fitted_job(run, data, study)
            case "split_regret" if run:
                return list_jobs.split_job(run, data, study)
            case "predict" if run:
                return prediction_jobs.minimizer_job(run, data, study)
            case "predict":
                return prediction_jobs.sieve_job(data, study)
            case "evaluate" if run:
                return risk_jobs.tower_risks_job(run, data, study)
            case "evaluate":
                return risk_jobs.reference_risks_job(data, study)
        if run is None:
            raise KeyError(rule)
        match rule:
            case "train":
                return fit_jobs.train_job(run, data, study, replicates, f"{fit}-{block}")
            case "fit_joint":
                return fit_jobs.joint_job(run, data, study)
            case "fit_comparator":
                return fit_jobs.comparator_job(run, data, study)
        raise KeyError(rule)
