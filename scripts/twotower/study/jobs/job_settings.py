"""What each job of a study depends on besides its code and its inputs: a slice of the study."""

from collections.abc import Mapping
from typing import Any

from twotower.study import arms
from twotower.study.jobs.job_list import JobList
from twotower.study.schema import Lemmas
from twotower.study.settings import Block


def of(jobs: JobList, rule: str, wildcards: Mapping[str, str], place: str = "") -> dict[str, Any]:
    """The settings of a job; empty for a rule that depends on none.

    The order of keys is a part of what Snakemake compares: another order makes results anew.

    Args:
        place: the study's file as the user named it, which the ledger's commands repeat.

    Raises:
        KeyError: for a run, data set, block or experiment that the study does not have.
    """
    study = jobs.study
    match rule:
        case "generate_data" | "generate_test_pairs" | "fit_reference":
            return _of_data(jobs, rule, wildcards["data"], int(wildcards.get("block", 0)))
        case "predict" | "evaluate" | "rank":
            return _of_fit(jobs, rule, wildcards["fit"])
        case "train" | "fit_joint" | "fit_comparator":
            return _of_run(jobs, rule, wildcards["run"], int(wildcards.get("block", 0)))
        case "fit_rates" | "draw_experiment":
            return _of_experiment(jobs, rule, wildcards["experiment"])
        case "draw_figure":
            return {"figures": [wildcards["figure"]]}
        case "predictions":
            rows = [
                [fit, list(cell.sample_sizes), cell.columns() | {"arm": arm}]
                for cell in jobs.cells
                for arm, fit in jobs.predicted_of(cell)
            ]
            return {"fits": jobs.predicted, "rows": rows}
        case "index":
            runs = [
                {"study": study.name, "run": run_id, "arm": run.arm}
                | run.cell.columns()
                | {"cell_settings": run.cell.spec, "arm_settings": run.settings}
                for run_id, run in jobs.runs.items()
            ]
            return {"runs": runs}
        case "tables":
            runs = [{"run": run, "arm": jobs.runs[run].arm} for run in jobs.tower_runs]
            return {"data": list(jobs.data), "runs": [run for run in runs for _ in jobs.blocks]}
        case "lemmas_table":
            sizes = {"seed": study.seed, "sample_sizes": list(study.sample_sizes)}
            return sizes | (study.lemmas or Lemmas()).model_dump()
        case "best_components":
            free = ("free_targets", "free_users", "free_items", "free_steps")
            own = ("users", "items", "ks", "dims", *free)
            drawn = {"seed": study.seed, "replicates": study.replicates}
            return drawn | {"targets": jobs.component_targets} | _block(study.components, own)
        case "list_components":
            drawn = _of_fit(jobs, "evaluate", wildcards["fit"]) | {"seed": study.seed}
            own = ("users", "items", "ks")
            data = jobs.data[jobs.data_of(wildcards["fit"])]
            return drawn | {"data": data} | _block(study.components, own)
        case "components_table":
            fits = [{"arm": jobs.runs[fit].arm} | jobs.runs[fit].cell.columns()
                    for fit in jobs.component_fits]  # fmt: skip
            own = ("users", "items", "recalls", "free_users", "free_items")
            targets = {"targets": jobs.component_targets}
            return {"fits": fits} | targets | _block(study.components, own)
        case "split_regret":
            drawn = _of_fit(jobs, "evaluate", wildcards["fit"]) | {"seed": study.seed}
            data = jobs.data[jobs.data_of(wildcards["fit"])]
            block = study.two_stages.model_dump(exclude={"experiments"}) if study.two_stages else {}
            return drawn | {"data": data} | block
        case "two_stages_table":
            runs = [{"arm": jobs.runs[fit].arm} | jobs.runs[fit].cell.columns()
                    for fit in jobs.two_stage_fits]  # fmt: skip
            return {"runs": runs} | _block(study.two_stages, ("users", "k"))
        case "ranking_table":
            return {"runs": [about for _, about in jobs.ranked], "shape": _ranking(jobs)}
        case "clicks_table":
            return {"runs": [about for _, about in jobs.clicked]}
        case "claims" | "click_claims_table":
            return {"study": place}
    return {}


def _block(block: Block | None, names: tuple[str, ...]) -> dict[str, Any]:
    """Some values of a block of the study."""
    values = block.model_dump(mode="json") if block else {}
    return {name: values[name] for name in names if name in values}


def _of_data(jobs: JobList, rule: str, data: str, block: int) -> dict[str, Any]:
    study, spec, sizes = jobs.study, jobs.data[data], jobs.sizes[data]
    if rule == "fit_reference":
        replicates = list(jobs.blocks[block])
        return {"rank": spec["rank"], "sample_sizes": sizes, "replicates": replicates}
    drawn = {"seed": study.seed, "data": spec, "replicates": study.replicates}
    if rule == "generate_data":
        return drawn | {"n_ratings": max(sizes)}
    # users and items are known in the design that rates both again
    known_at = sizes if spec.get("sampling") == "repeated" else []
    drawn["test_pairs"] = study.test_pairs
    return drawn | {"n_ratings": max(sizes), "known_at": known_at}


def _of_fit(jobs: JobList, rule: str, fit: str) -> dict[str, Any]:
    study, run, data = jobs.study, jobs.runs.get(fit), jobs.data_of(fit)
    drawn = {"seed": study.seed, "data": jobs.data[data]}
    if rule == "predict":
        sizes = list(run.cell.sample_sizes) if run else jobs.sizes[data]
        cell = run.cell.spec if run else None
        asked = {"cell": cell, "sample_sizes": sizes, "replicates": study.replicates}
        arm = {"arm": run.arm} if run and run.arm in arms.CLICK_ARMS else {}
        return drawn | asked | arm
    fitted = {"reference": run is None, "blocks": [list(block) for block in jobs.blocks]}
    return fitted if rule == "evaluate" else drawn | fitted | _ranking(jobs)


def _of_run(jobs: JobList, rule: str, run_id: str, block: int) -> dict[str, Any]:
    study, run = jobs.study, jobs.runs[run_id]
    sizes = list(run.cell.sample_sizes)
    if rule == "fit_joint":
        return {"sample_sizes": sizes} | run.settings
    if rule == "fit_comparator":
        drawn = {"seed": study.seed, "data": run.cell.data_spec, "arm": run.arm}
        return drawn | {"sample_sizes": sizes} | run.settings
    # who rated what: only few arms need it
    further = {"data": run.cell.data_spec} if run.arm in arms.BY_USER else {}
    return {
        "seed": study.seed,
        "cell": run.cell.spec,
        "arm": run.arm,
        "settings": run.settings,
        "precision": run.precision,
        "gpu": study.training.gpu,
        "sample_sizes": sizes,
        "certificate_sizes": study.certified(run.cell.sample_sizes, run.settings),
        "certificate_replicates": study.certificate_replicates,
        "replicates": list(jobs.blocks[block]),
    } | further


def _of_experiment(jobs: JobList, rule: str, name: str) -> dict[str, Any]:
    if rule == "draw_experiment":
        return {"experiment": name, "title": jobs.study.title(name)}
    rates = jobs.rates_of[name]
    return {
        "experiment": name,
        "axis": jobs.study.experiments[name].axis,
        "runs": [columns for _, columns, _ in rates],
        "predicted": [bool(fit) for _, _, fit in rates],
        "floored": jobs.floored[name],
    }


def _ranking(jobs: JobList) -> dict[str, Any]:
    return jobs.study.ranking.model_dump() if jobs.study.ranking else {}
