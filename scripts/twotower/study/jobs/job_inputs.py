"""What each job of a study reads, by the names that its rule and its script have for it."""

from collections.abc import Mapping
from pathlib import Path

from twotower.study import analyses
from twotower.study.jobs.job_list import JobList

DECISIONS = "workflow/decisions.yaml"
Inputs = dict[str, str | list[str]]


def of(jobs: JobList, rule: str, wildcards: Mapping[str, str], rules: str = DECISIONS) -> Inputs:
    """Paths of a job's inputs by name; a list where a name stands for several.

    Args:
        rules: the path of the decision rules.

    Raises:
        KeyError: for a run, data set, figure or experiment that the study does not have.
    """
    match rule:
        case "train" | "fit_reference" | "fit_joint" | "fit_comparator":
            data = wildcards.get("data") or jobs.data_of(wildcards["run"])
            drawn: Inputs = {"ratings": f"results/data/{data}/ratings.safetensors"}
            return drawn | (_test(data) if rule in ("fit_joint", "fit_comparator") else {})
        case "evaluate" | "rank" | "list_components":
            fits: Inputs = {"fits": jobs.weights_of(wildcards["fit"])}
            return fits | (_test(jobs.data_of(wildcards["fit"])) if rule == "evaluate" else {})
        case "split_regret":
            ratings = f"results/data/{jobs.data_of(wildcards['fit'])}/ratings.safetensors"
            return {"fits": jobs.weights_of(wildcards["fit"]), "ratings": ratings}
        case "predictions":
            return {"predictions": [f"results/predictions/{fit}.csv" for fit in jobs.predicted]}
        case "check_fitter":
            return {"decisions": rules}
        case "fit_rates":
            return _of_rates(jobs, wildcards["experiment"]) | {"decisions": rules}
        case "combine_rates":
            return {"rates": _rates(jobs.on_ratings), "decisions": rules}
        case "draw_experiment":
            folder = f"results/rates/{wildcards['experiment']}"
            return {"rates": f"{folder}/rates.csv", "curves": f"{folder}/curves.csv"}
        case "draw_figure":
            figure = jobs.figures[wildcards["figure"]]
            own = [figure.table] if figure.table else []
            tables: Inputs = {table: _table(table) for table in own}
            return tables | _shared(jobs, figure.reads, rules)
        case "claims":
            ledger: Inputs = {table: _table(table) for table in jobs.tables}
            ledger |= {"rates": _table("rates"), "approximation": _rates(jobs.on_units)}
            return ledger | {"decisions": rules}
        case "tables":
            losses = [f"results/runs/{run}/{block}.losses.csv" for run in jobs.tower_runs
                      for block in range(len(jobs.blocks))]  # fmt: skip
            certificates = [f"results/data/{data}/certificate.csv" for data in jobs.data]
            shown: Inputs = {name: _table(name) for name in ("rates", "claims", "levels")}
            return shown | {"certificates": certificates, "losses": losses, "decisions": rules}
    needs = next((each.needs for each in analyses.ANALYSES if rule == f"{each.table}_table"), ())
    return _shared(jobs, needs, rules)


def _shared(jobs: JobList, names: tuple[str, ...], rules: str) -> Inputs:
    """What tables and figures over all experiments are made from, by name."""
    found: Inputs = {
        "rates": _table("rates"),
        "curves": [f"results/rates/{name}/curves.csv" for name in jobs.on_ratings],
        "ranking_curves": _table("ranking_curves"),
        "risks": [f"results/rates/{name}/risks.csv" for name in jobs.on_ratings],
        "rankings": [f"results/ranking/{fit}.csv" for fit, _ in jobs.ranked],
        "best_lists": "results/components/best.csv",
        "component_lists": [f"results/components/{fit}.csv" for fit in jobs.component_fits],
        "regret_splits": [f"results/two_stages/{fit}.csv" for fit in jobs.two_stage_fits],
        "clicks": _table("clicks"),
        "click_curves": _table("click_curves"),
        "click_risks": [jobs.risks_of(run) for run, _ in jobs.clicked],
        "click_predictions": [f"results/predictions/{run}.csv" for run, _ in jobs.clicked],
        "click_decisions": str(Path(rules).with_name("click_decisions.yaml")),
        "decisions": rules,
    }
    return {name: found[name] for name in names}


def paths(inputs: Inputs) -> set[str]:
    """All paths of inputs."""
    return {
        path for each in inputs.values() for path in ([each] if isinstance(each, str) else each)
    }


def _of_rates(jobs: JobList, experiment: str) -> Inputs:
    tables = jobs.rates_of[experiment]
    return {
        "risks": [path for path, _, _ in tables],
        "predictions": [f"results/predictions/{fit}.csv" for _, _, fit in tables if fit],
        "targets": [
            f"results/data/{data}/targets.safetensors" for data, _ in jobs.floored[experiment]
        ],
        "planted": "results/rates/planted.csv",
    }


def _table(name: str) -> str:
    return f"results/tables/{name}.csv"


def _rates(experiments: list[str]) -> list[str]:
    return [f"results/rates/{name}/rates.csv" for name in experiments]


def _test(data: str) -> Inputs:
    return {"test": f"results/data/{data}/test.safetensors"}
