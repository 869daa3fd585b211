"""What results hold, counted: replicates, sample sizes and pairs against those of the study.

A digest in a record can be edited to agree with a study that was never run. Ratings, weights and
tables hold the replicates and sizes that there were, whatever is said of them. Rows are held
against one another as well: no two replicates have one risk, and no check passes beyond its bound.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from twotower.records.reading.tensor_headers import Shapes, shapes
from twotower.study import arms
from twotower.study.decisions import Answer
from twotower.study.jobs import job_settings
from twotower.study.jobs.job_list import JobList

LEDGER = Path("results/tables/claims.csv")
_COUNTED = ("predict", "evaluate", "fit_joint")
_OF_FITS = (None, "", "used")
"""Starts of the fits themselves; others measure the optimization error."""
_TOWERS = ("user", "item")
_NO_RISK = ("", "nan", "inf", "0")
_GROUP = ("experiment", "cell", "run", "arm", "data")


def faults(folder: Path, path: str, rule: str, wildcards: Mapping[str, str], listed: JobList):
    """In words, what a job's output holds otherwise than the study asks for.

    Raises:
        ValueError, OSError, csv.Error: if the file is none of its kind.
    """
    if rule == "index":
        yield from _of_index(folder / path, listed)
    elif path.endswith(".safetensors"):
        yield from _of_tensors(shapes(folder / path), path, rule, wildcards, listed)
    elif path.endswith(".csv"):
        yield from _of_table(folder / path, rule, wildcards, listed)


def claims(folder: Path) -> str:
    """How many claims of the ledger the study tests, in words."""
    try:
        verdicts = [row["verdict"] for row in _read(folder / LEDGER)[1]]
    except (OSError, ValueError, KeyError, csv.Error):
        return "no ledger of claims"
    tested = sum(verdict not in ("", str(Answer.UNTESTED)) for verdict in verdicts)
    return f"{tested} of {len(verdicts)} claims tested"


def fits(path: Path) -> set[tuple[int, int]]:
    """Sample size and number of the replicate of each fit in a table of risks.

    Raises:
        ValueError, KeyError, OSError, csv.Error: if it is no such table.
    """
    rows = [row for row in _read(path)[1] if row.get("start") in _OF_FITS]
    return {(int(float(row["n_ratings"])), int(row["replicate"])) for row in rows}


def _read(path: Path) -> tuple[Sequence[str], list[dict[str, str]]]:
    """The columns and the rows of a table."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return rows.fieldnames or [], list(rows)


def _of_tensors(
    found: Shapes, path: str, rule: str, wildcards: Mapping[str, str], listed: JobList
) -> Iterator[str]:
    study = listed.study
    if rule in ("generate_data", "generate_test_pairs"):
        most, total = max(listed.sizes[wildcards["data"]]), study.replicates
        spec = listed.data[wildcards["data"]]
        catalogue = {"catalogue_covariates": [total, spec.get("catalogue", 0)]}
        is_clicks = spec.get("sampling") == "clicks"
        judged = {"signal": [total, study.test_pairs]}
        if is_clicks:
            judged = {"user_covariates": [total, listed.users_judged]} | catalogue
        wanted = {
            "ratings": {"ratings": [total, most]} | (catalogue if is_clicks else {}),
            "test": judged,
        }.get(Path(path).stem, {"user/coefficients": [total]})
        for name, shape in wanted.items():
            if (there := found.get(name, [])[: len(shape)]) != shape:
                yield f"{name} is {_sides(there)}, the study asks for {_sides(shape)}"
        for tower in _TOWERS:
            for last, wanted in (("covariates", f"{tower}_ambient_dim"), ("coefficients", "rank")):
                there = found.get(f"{tower}_{last}", found.get(f"{tower}/{last}"))
                if there and there[-1] != (asked := spec[wanted]):
                    yield f"its {tower} {last} have {there[-1]} columns, the study asks for {asked}"
    elif rule in ("train", "fit_reference"):
        first, last = listed.blocks[int(wildcards["block"])]
        own = listed.sizes[wildcards["data"]] if "data" in wildcards else _sizes(listed, wildcards)
        sizes = {int(name.split("/")[0]) for name in found}
        yield from _other("sizes", sizes, set(own))
        # of each fit: a number for each replicate
        bounds = (["bound"], ["used", "bound"])
        fits = [shape for name, shape in found.items() if name.split("/")[1:] in bounds]
        held = {shape[0] for shape in fits if shape}
        if rule == "train":
            yield from _of_towers(found, listed.runs[wildcards["run"]].cell.spec)
        if held != {last - first}:
            told = " or ".join(map(str, sorted(held))) or "no"
            yield f"it holds {told} replicates, the study asks for {last - first} in this block"


def _of_towers(found: Shapes, spec: Mapping[str, Any]) -> Iterator[str]:
    """Layers and their sides, of the fits themselves: `<size>/used/<tower>/<layer>/weight`."""
    layers: dict[tuple[str, str], dict[int, list[int]]] = defaultdict(dict)
    for name, shape in found.items():
        size, *rest = name.split("/")
        if len(rest) == 4 and rest[0] == "used" and rest[3] == "weight":
            layers[size, rest[1]][int(rest[2])] = shape
    wanted = {
        "hidden layers": spec["depth"],
        # of clicks one more: items' own scores
        "components": spec.get("embedding_dim", spec["rank"]) + (spec.get("sampling") == "clicks"),
        "units": spec["width"].get("units"),
    }
    for (size, tower), each in layers.items():
        ends = each[max(each)][-1], each[0][-1]
        for (what, asked), there in zip(wanted.items(), (max(each), *ends), strict=True):
            if asked is not None and asked != there:
                yield f"the {tower} tower at {size} has {there} {what}, the study asks for {asked}"
                return


def _of_table(
    path: Path, rule: str, wildcards: Mapping[str, str], listed: JobList
) -> Iterator[str]:
    replicates: dict[tuple, set[int]] = defaultdict(set)
    sizes: dict[tuple, set[int]] = defaultdict(set)
    first: dict[tuple, str] = {}
    odd: set[str] = set()
    columns, rows = _read(path)
    if "replicates" in columns:
        most = max((int(float(row["replicates"] or 0)) for row in rows), default=0)
        if most > (asked := listed.study.replicates):
            yield f"it tells of {most:,} replicates, the study asks for {asked:,}"
    if rule == "clicks_table":
        there = {(row["cell"], row["arm"]) for row in rows}
        asked = {(about["cell"], about["arm"]) for _, about in listed.clicked}
        yield from _other("curves", there, asked)
    if path.name in ("curves.csv", "rates.csv") and {"cell", "arm"} <= set(columns):
        yield from _of_curves(rows, rule, wildcards, listed)
    if "replicate" not in columns or "seconds" in path.name:
        if rule in _COUNTED or path.name == "risks.csv":
            yield "it has no column of replicates"
        return
    keys = [key for key in _GROUP if key in columns]
    for row in rows:
        if rule == "evaluate" and row.get("risk", "") not in _NO_RISK:
            told = tuple(value for key, value in row.items() if key != "replicate")
            if (twin := first.setdefault(told, row["replicate"])) != row["replicate"]:
                odd.add(f"replicates {twin} and {row['replicate']} have one risk to the digit")
        if row.get("passed") == "True" and not _passes(row):
            odd.add(f"{row['check']} passed with {row['measured']} for {row['expected']}")
        if row.get("start") in _OF_FITS:
            group = tuple(row[key] for key in keys)
            replicates[group].add(int(row["replicate"]))
            if "n_ratings" in columns:
                sizes[group].add(int(float(row["n_ratings"])))
    yield from sorted(odd)
    begin, end = 0, listed.study.replicates
    if rule == "train":
        begin, end = listed.blocks[int(wildcards["block"])]
        yield from _of_training(rows, wildcards["run"], range(begin, end), listed)
    if rule == "split_regret" and listed.study.two_stages:
        end = min(end, listed.study.two_stages.targets)
    for group, found in replicates.items():
        about = dict(zip(keys, group, strict=True))
        yield from _other("replicates", found, set(range(begin, end)), about)
        if group in sizes:
            asked = _sizes(listed, dict(wildcards) | about)
            yield from _other("sizes", sizes[group], set(asked), about)
    yield from _other("curves", set(replicates), _groups(rule, wildcards, listed, keys))


def _of_training(
    rows: list[dict[str, str]], run_id: str, replicates: range, listed: JobList
) -> Iterator[str]:
    """Losses of a block: steps, where the arm has a number of them, and the fits certified."""
    run, study = listed.runs[run_id], listed.study
    asked = run.settings.get("steps")
    taken = {int(row["steps"]) for row in rows if asked is not None and row["start"] == "used"}
    for steps in sorted(taken - {asked}):
        yield f"it was trained in {steps} steps, the study asks for {asked}"
    doubled = {(int(row["n_ratings"]), int(row["replicate"]))
               for row in rows if row["start"] == "doubled"}  # fmt: skip
    sizes = study.certified(run.cell.sample_sizes, run.settings)
    first = [each for each in replicates if each < study.certificate_replicates]
    if doubled != (certified := {(size, each) for size in sizes for each in first}):
        yield f"it certifies {len(doubled)} fits, the study asks for {len(certified)}"


def _passes(row: Mapping[str, str]) -> bool:
    """Whether a check of the data is within its tolerance, as the table rounds both."""
    away = abs(float(row["measured"]) - float(row["expected"]))
    bound = float(row["tolerance"]) * (1 + 1e-6) + 1e-12
    return away <= bound or row["measured"] == row["expected"]


def _of_curves(
    rows: list[dict[str, str]], rule: str, wildcards: Mapping[str, str], listed: JobList
) -> Iterator[str]:
    """Tables of curves and rates over ratings have each cell under each of its arms."""
    names = [wildcards["experiment"]] if rule == "fit_rates" else listed.on_ratings
    if not set(names) <= set(listed.on_ratings):
        return
    there = {(row["cell"], row["arm"]) for row in rows}
    asked = {
        (columns["cell"], columns["arm"])
        for name in names
        for _, columns, _ in listed.rates_of[name]
    }
    yield from _other("curves", there, asked)


def _of_index(path: Path, listed: JobList) -> Iterator[str]:
    """The index of runs against the runs: it is made from the study alone."""
    rows = {row["run"]: row for row in _read(path)[1]}
    yield from _other("runs", set(rows), set(listed.runs))
    for run in job_settings.of(listed, "index", {})["runs"]:
        row = rows.get(run["run"], {})
        told = {key: json.loads(row[key]) for key in row if key.endswith("_settings")}
        told |= {key: row[key] for key in ("study", "arm", "cell", "data") if key in row}
        for key in told:
            if json.loads(json.dumps(run[key])) != told[key]:
                yield f"{key} of run {run['run']} is not that of the study"


def _groups(rule: str, wildcards: Mapping[str, str], listed: JobList, keys: list[str]) -> set:
    """The groups of rows that a table must have."""
    match rule:
        case "fit_rates":
            rows = [columns for _, columns, _ in listed.rates_of[wildcards["experiment"]]]
        case "tables" if "run" in keys:
            rows = [{"run": run, "arm": listed.runs[run].arm} for run in listed.tower_runs]
        case "tables":
            rows = [{"data": data} for data in listed.data]
        case "best_components":
            rows = [{"data": data} for data in listed.component_targets]
        case "predictions":
            rows = [
                cell.columns() | {"arm": arm}
                for cell in listed.cells
                for arm, _ in listed.predicted_of(cell)
            ]
        case _:
            rows = [{key: wildcards.get(key, "") for key in keys}]
    return {tuple(str(row.get(key, "")) for key in keys) for row in rows}


def _sizes(listed: JobList, about: Mapping[str, str]) -> list[int]:
    """The sizes of a run, a fit, or a row of a table: a reference has all of its data set."""
    run = listed.runs.get(about.get("run") or about.get("fit", ""))
    if run:
        return list(run.cell.sample_sizes)
    if "cell" in about and about.get("arm") != arms.REFERENCE:
        return next((list(c.sample_sizes) for c in listed.cells if c.id == about["cell"]), [])
    return listed.sizes.get(about.get("data") or listed.data_of(about.get("fit", "")), [])


def _other(
    what: str, found: set, asked: set, about: Mapping[str, str] | None = None
) -> Iterator[str]:
    if found != asked:
        where = " ".join(f"{value}" for key, value in (about or {}).items() if key != "experiment")
        told = f"it holds {len(found):,} {what}{f' of {where}' if where else ''}"
        other = "" if len(found) != len(asked) else " others"
        yield f"{told}, the study asks for {len(asked):,}{other}"


def _sides(shape: list[int]) -> str:
    return " by ".join(f"{side:,}" for side in shape) or "not there"
