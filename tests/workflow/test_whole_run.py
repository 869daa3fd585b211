"""A whole study from a fresh copy: what it makes, what it says, what it plans."""

import json
import os
import re
import subprocess
from collections import Counter

import warm_python

import table_page
from twotower.cost.jobs import jobs
from twotower.study.reading import read_study

FIGURES = ["error_budget", "extrapolation", "falsifiability", "learning_curves", "levels"]
FIGURES += ["plain_training_cost", "slope_comparison", "smoothness"]
TABLES = [
    "certificates.csv", "claims.csv", "claims.html", "claims.md", "claims.tex", "cold_start.csv",
    "error_budget.csv", "extrapolation.csv", "falsifiability.csv", "levels.csv", "levels.md",
    "levels.tex", "losses.csv", "meta_regression.csv", "predictions.csv", "rates.csv", "rates.md",
    "rates.tex",
]  # fmt: skip


def expected_files(finished):
    """Every file that the micro study promises, from its index of runs."""
    rows = finished.index()
    runs = {row["run"] for row in rows}
    data = {row["data"] for row in rows}
    assert (len(rows), len(runs), len(data)) == (4, 4, 2)
    names = {"index.csv", "rates/planted.csv"}
    names |= {f"rates/smoothness/{table}.csv" for table in ("risks", "rates", "curves")}
    for one in data:
        parts = ["targets.safetensors", "ratings.safetensors", "test.safetensors"]
        names |= {f"data/{one}/{part}" for part in [*parts, "certificate.csv"]}
        names |= {f"references/{one}/0.safetensors", f"risks/reference-{one}.csv"}
        names.add(f"predictions/reference-{one}.csv")
    names |= {f"predictions/{row['run']}.csv" for row in rows if row["arm"] == "erm"}
    for run in runs:
        names |= {f"runs/{run}/0.safetensors", f"runs/{run}/0.losses.csv", f"risks/{run}.csv"}
    names |= {f"figures/{figure}.{kind}" for figure in FIGURES for kind in ("pdf", "png", "svg")}
    names |= {f"tables/{table}" for table in TABLES}
    return names | {f"records/{name}.json" for name in names}


def test_every_promised_file_is_there_and_no_other(finished):
    made = finished.made()
    assert set(made) - set(finished.of_runs()) == expected_files(finished)
    folders = [name.split("/")[1] for name in finished.of_runs()]
    assert folders == ["environments", "environments", "runs"]  # the run's, and that of its jobs
    assert all(made.values()), "an empty file"


def test_every_column_of_every_table_is_documented(finished):
    tables = table_page.written(finished.folder)
    assert len(tables) > 30 and not table_page.faults(tables)


def test_every_job_has_a_log_and_a_benchmark(finished):
    results = finished.folder / "results"
    logs = {path.relative_to(results / "logs") for path in (results / "logs").rglob("*.log")}
    times = results / "benchmarks"
    assert len(logs) == 41  # every job of the plan but `all`
    assert {path.with_suffix(".log").relative_to(times) for path in times.rglob("*.tsv")} == logs
    for name in logs:
        assert "Traceback" not in (results / "logs" / name).read_text(encoding="utf-8")


def test_a_run_ends_with_the_ledger_the_rates_and_the_paths(finished_run):
    _, printed = finished_run
    parts = printed.strip().split("\n\n")
    ledger, rates, reasons, paths = (part.splitlines() for part in parts)
    assert ledger[0].split() == ["claim", "statement", "verdict", "measured"]
    told = " ".join(" ".join(ledger).split())
    # Where weights outnumber ratings no slope is predicted, so that 4a compares nothing.
    assert "3, 3b, 4a, 4b, 4c, 4d, 5, 6, 7, 8, 8b, 9.1," in told
    heads = "β d D arm window slope [95% interval] bound predicted verdict"
    assert " ".join(rates[0].split()) == heads
    assert [line.split("  ")[0].strip() for line in rates[2:8]] == ["1", "", "", "2", "", ""]
    for line, arm in zip(rates[2:8], ["erm", "adam", "reference"] * 2, strict=True):
        assert re.search(rf"\b{arm} +64–512 .+ inconclusive$", line)
    assert reasons[0] == "inconclusive:"
    for line, arm in zip(reasons[1:], ["erm", "adam", "reference"] * 2, strict=True):
        assert re.match(rf"  β = [12], d = 1, {arm}: .*are needed", line)
    figures = [f"{figure}.{kind}" for figure in FIGURES for kind in ("pdf", "png", "svg")]
    assert paths == [
        "results/: index.csv",
        f"results/tables/: {', '.join(TABLES)}",
        f"results/figures/: {', '.join(figures)}",
    ]
    assert max(map(len, [*ledger, *rates])) <= 110


def test_verdicts_judged_by_another_file_are_called_stale(finished_copy):
    """`make claims` prints the ledger of the last run, and says so if its rules have changed."""
    finished_copy.edit("workflow/decisions.yaml", "null_risk: 0.9 ", "null_risk: 0.8 ")
    finished_copy.edit("workflow/decisions.yaml", "is 0.9 or more", "is 0.8 or more")
    tables = ["results/tables/claims.csv", "results/tables/rates.csv"]
    done = subprocess.run(
        [warm_python.python(), "scripts/show_results.py", *tables],
        cwd=finished_copy.folder,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert re.search(
        r"STALE: judged by decisions v3:\w{10}, the file is now v3:\w{10}", done.stdout
    )


def test_an_edited_ledger_is_not_printed(finished_copy):
    ledger = finished_copy.folder / "results/tables/claims.csv"
    ledger.write_text(ledger.read_text(encoding="utf-8").replace("not decided", "holds"))
    tables = ["results/tables/claims.csv", "results/tables/rates.csv"]
    done = subprocess.run(
        [warm_python.python(), "scripts/show_results.py", *tables],
        cwd=finished_copy.folder,
        capture_output=True,
        encoding="utf-8",
    )
    assert (done.returncode, done.stdout) == (1, "")
    told = "results/tables/claims.csv: not the table that the study wrote (its bytes have changed)"
    assert done.stderr.startswith(told)


def test_a_study_without_towers_and_reference_ends_with_its_tables(project, finished):
    """Only the joint regression, on a dust: no fit of towers, no reference, no prediction."""
    one = {"title": "A dust", "set": {"intrinsic_dim": 1.5}}
    project.write_study(arms={"joint": {}}, experiments={"one": one})
    project.run_study()
    assert [row["arm"] for row in project.index()] == ["joint"]
    made = set(project.made())
    assert {f"tables/{table}" for table in TABLES} - made == {"tables/error_budget.csv"}
    place = "tables/losses.csv"
    header = finished.made()[place].partition(b"\n")[0]
    assert project.made()[place] == header + b"\n"


def test_an_experiment_runs_alone(project):
    """Its name is a target: its cells, its rates and its figure, and nothing beyond."""
    project.write_study(
        experiments={
            "smoothness": {"title": "A", "vary": {"smoothness": [1.0, 2.0]}},
            "depth": {"title": "B", "vary": {"depth": [1, 2]}, "arms": ["erm"]},
        }
    )
    planned = project.planned("depth", "--config", "study=study.yaml")
    assert planned == {
        "predict": 3,
        "generate_data": 1,
        "generate_test_pairs": 1,
        "fit_reference": 1,
        "train": 2,  # adam is not of this experiment, though one of its cells has it elsewhere
        "evaluate": 3,
        "check_fitter": 1,
        "fit_rates": 1,
        "draw_experiment": 1,
        "depth": 1,
    }
    analysis = project.planned("falsifiability", "--config", "study=study.yaml")
    assert analysis == {"falsifiability_table": 1, "draw_figure": 1, "falsifiability": 1}


def test_the_rate_table_is_printed_under_an_ascii_locale(finished):
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [warm_python.python(), "scripts/show_results.py", *(f"results/tables/{t}" for t in TABLES)],
        cwd=finished.folder,
        env=os.environ | ascii_only,
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"inconclusive" in done.stdout


def test_shared_studies_are_planned_whole(project):
    """Counts of jobs of the tiny and the default study, given in each of the possible ways."""
    tiny = project.planned("--config", "study=workflow/studies/tiny.yaml")
    assert project.planned("--configfile", "workflow/studies/tiny.yaml") == tiny
    assert (tiny["train"], tiny["generate_data"], tiny["fit_reference"]) == (8, 2, 4)
    others = (f"workflow/studies/{name}.yaml" for name in ("standard", "ranking", "lists"))
    for name in ("config.yaml", *others):
        whole = project.planned("--configfile", name, "--config", "test_pairs=512")
        # what `make plan` counts is what Snakemake plans
        assert whole == dict(Counter(job.rule for job in jobs(read_study(project.folder / name))))
    assert not (project.folder / "results").exists()


def test_the_rule_graph_runs_from_data_to_paper(finished):
    done = finished.snakemake("--rulegraph", "--config", "study=study.yaml")
    assert done.returncode == 0
    names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)"', done.stdout, re.MULTILINE))
    edges = {
        (names[before], names[after])
        for before, after in re.findall(r"^\s*(\d+) -> (\d+)", done.stdout, re.MULTILINE)
    }
    stages = ["generate_data", "train", "evaluate", "fit_rates", "combine_rates", "claims", "all"]
    assert set(zip(stages, stages[1:], strict=False)) <= edges
    others = {
        ("generate_data", "fit_reference"),
        ("fit_reference", "evaluate"),
        ("check_fitter", "fit_rates"),
        ("predict", "fit_rates"),
        ("predict", "predictions"),
        ("fit_rates", "draw_experiment"),
        ("claims", "tables"),
        ("tables", "all"),
    }
    assert others <= edges
    order = [*stages[:2], "fit_reference", "evaluate", "check_fitter", "fit_rates", "claims"]
    backwards = [(a, b) for a, b in edges if a in order and b in order]
    assert all(order.index(a) < order.index(b) for a, b in backwards)


def test_lint_finds_nothing(project):
    done = project.snakemake("--lint")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_report_is_one_file_with_captions(finished_copy):
    """Without a network: every address that is not on this machine is refused."""
    proxies = ("http_proxy", "https_proxy", "all_proxy")
    nowhere = dict.fromkeys(proxies, "http://127.0.0.1:9")
    done = subprocess.run(  # as `make report` does
        [finished_copy.python, "scripts/run.py", "--report=report.html", "--", "study.yaml"],
        cwd=finished_copy.folder,
        env=finished_copy.environment(**nowhere),
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    report = (finished_copy.folder / "report.html").read_text(encoding="utf-8")
    for caption in ("claims", "rates"):
        path = finished_copy.folder / f"workflow/report/{caption}.rst"
        start = path.read_text(encoding="utf-8").split("**")[1]  # each begins in bold
        assert start in report, caption
    figures = (finished_copy.folder / "workflow/report/figure.rst").read_text(encoding="utf-8")
    for figure in set(FIGURES) - {"smoothness"}:
        start = figures.split(f'figure == "{figure}" %}}')[1].split("**")[1]
        assert start in report, figure
    # It opens on this text, with the ledger and the curves; on a drawing of jobs without metadata.
    first = json.loads(re.search(r"var workflow_desc = (.*);", report)[1])
    assert "This report tests the theory of two-tower recommenders" in first
    folder = finished_copy.folder / "results"
    assert (folder / "tables/claims.html").read_text("utf-8") in first
    drawn = (folder / "figures/learning_curves.svg").read_text("utf-8")
    assert drawn.strip() in first
    assert json.loads(re.search(r"var metadata = (.*);", report)[1])
