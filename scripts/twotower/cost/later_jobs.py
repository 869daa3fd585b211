"""The jobs after the risks: rates, tables and figures."""

from collections.abc import Mapping

from twotower.cost.job import PlannedJob
from twotower.cost.operations.work import Work
from twotower.study.jobs.job_list import JobList

_SECONDS = {
    "index": ("rates", 0.5),
    "predictions": ("tables", 2.0),
    "check_fitter": ("rates", 3.5),
    "fit_rates": ("rates", 1.5),
    "combine_rates": ("tables", 1.0),
    "claims": ("tables", 1.3),
    "tables": ("tables", 1.0),
    "draw_experiment": ("figures", 3.5),
    "draw_figure": ("figures", 3.5),
}
"""Stage and seconds by rule: they were measured, and hardly depend on sample sizes."""


def later_job(listed: JobList, rule: str, wildcards: Mapping[str, str]) -> PlannedJob:
    """The job of a rule that reads risks, or what was made of them.

    Raises:
        NotImplementedError: for a rule that has no job in the study.
    """
    table = rule.removesuffix("_table")
    if rule not in _SECONDS and (table == rule or table not in listed.tables):
        new = f"give it one in {__name__} if the rule is new"
        raise NotImplementedError(f"the rule {rule!r} has no job in this study; {new}")
    lemmas = listed.study.lemmas
    networks = lemmas.networks if lemmas and table == "lemmas" else 0
    stage, seconds = _SECONDS.get(rule, ("tables", 1.3 + 0.003 * networks))
    about = wildcards.get("experiment") or wildcards.get("figure", "")
    if rule == "fit_rates":
        seconds += 0.05 * len(listed.rates_of[about])
    disk = 1e6 if stage == "figures" else 1e5
    return PlannedJob(rule, about, stage, Work(second=seconds), 2.3e8, disk)
