"""A whole study from a fresh copy: what it makes, what it says, what it plans."""

import os
import re
import subprocess
import sys

import yaml

FIGURES = ["learning_curves", "plain_training_cost", "slope_comparison"]
TABLES = ["certificates.csv", "losses.csv", "rates.csv", "rates.md", "rates.tex", "risks.csv"]


def expected_files(finished):
    """Every file that the micro study promises, from its index of runs."""
    rows = finished.index()
    runs = {row["run"] for row in rows}
    data = {row["data"] for row in rows}
    assert (len(rows), len(runs), len(data)) == (4, 4, 2)
    names = {"index.csv", "rates/planted.csv"}
    names |= {f"rates/{table}.csv" for table in ("risks", "rates", "curves")}
    for one in data:
        parts = ["targets.safetensors", "ratings.safetensors", "test.safetensors"]
        names |= {f"data/{one}/{part}" for part in [*parts, "certificate.csv"]}
        names |= {f"references/{one}/0.safetensors", f"risks/reference-{one}.csv"}
    for run in runs:
        names |= {f"runs/{run}/0.safetensors", f"runs/{run}/0.losses.csv", f"risks/{run}.csv"}
    names |= {f"figures/{figure}.{kind}" for figure in FIGURES for kind in ("pdf", "png", "svg")}
    return names | {f"tables/{table}" for table in TABLES}


def test_every_promised_file_is_there_and_no_other(finished):
    made = finished.made()
    assert set(made) == expected_files(finished)
    assert all(made.values()), "an empty file"


def test_every_job_has_a_log_and_a_benchmark(finished):
    results = finished.folder / "results"
    logs = {path.relative_to(results / "logs") for path in (results / "logs").rglob("*.log")}
    times = results / "benchmarks"
    assert len(logs) == 21  # every job of the plan but `all`
    assert {path.with_suffix(".log").relative_to(times) for path in times.rglob("*.tsv")} == logs
    for name in logs:
        assert "Traceback" not in (results / "logs" / name).read_text(encoding="utf-8")


def test_a_run_ends_with_the_rate_table_and_the_paths(finished_run):
    _, done = finished_run
    lines = done.stdout.strip().splitlines()
    heads = "β d D arm window slope [95% interval] bound predicted verdict"
    assert " ".join(lines[0].split()) == heads
    assert [line.split("  ")[0].strip() for line in lines[2:8]] == ["1", "", "", "2", "", ""]
    for line, arm in zip(lines[2:8], ["erm", "adam", "reference"] * 2, strict=True):
        assert re.search(rf"\b{arm} +64–512 .+ inconclusive$", line)
    figures = [f"{figure}.{kind}" for figure in FIGURES for kind in ("pdf", "png", "svg")]
    assert lines[8:10] == ["", "inconclusive:"]
    for line, arm in zip(lines[10:16], ["erm", "adam", "reference"] * 2, strict=True):
        assert re.match(rf"  β = [12], d = 1, {arm}: .*are needed", line)
    assert lines[16:] == [
        "",
        f"results/tables/: {', '.join(TABLES)}",
        f"results/figures/: {', '.join(figures)}",
    ]
    assert max(map(len, lines[:8])) <= 110


def test_the_rate_table_is_printed_under_an_ascii_locale(finished):
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "scripts/show_results.py", "results/tables/rates.csv"],
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
    whole = project.planned("--configfile", "config.yaml", "--config", "test_pairs=512")
    study = yaml.safe_load((project.folder / "config.yaml").read_text(encoding="utf-8"))
    cells = whole["train"] // len(study["arms"])
    assert whole["evaluate"] == whole["train"] + whole["generate_data"]
    assert whole["generate_data"] <= cells
    assert not (project.folder / "results").exists()


def test_the_rule_graph_runs_from_data_to_paper(finished):
    done = finished.snakemake("--rulegraph", "--config", "study=study.yaml")
    assert done.returncode == 0
    names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)"', done.stdout, re.MULTILINE))
    edges = {
        (names[before], names[after])
        for before, after in re.findall(r"^\s*(\d+) -> (\d+)", done.stdout, re.MULTILINE)
    }
    stages = ["generate_data", "train", "evaluate", "fit_rates", "figures", "all"]
    assert set(zip(stages, stages[1:], strict=False)) <= edges
    others = {
        ("generate_data", "fit_reference"),
        ("fit_reference", "evaluate"),
        ("check_fitter", "fit_rates"),
        ("fit_rates", "tables"),
        ("tables", "all"),
    }
    assert others <= edges
    order = [*stages[:2], "fit_reference", "evaluate", "check_fitter", "fit_rates", "tables"]
    backwards = [(a, b) for a, b in edges if a in order and b in order]
    assert all(order.index(a) < order.index(b) for a, b in backwards)


def test_lint_finds_nothing(project):
    done = project.snakemake("--lint")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_report_is_one_file_with_captions(finished_copy):
    """Without a network: every address that is not on this machine is refused."""
    proxies = ("http_proxy", "https_proxy", "all_proxy")
    nowhere = dict.fromkeys(proxies, "http://127.0.0.1:9")
    done = finished_copy.snakemake(
        *("--report", "report.html", "--config", "study=study.yaml"),
        env=finished_copy.environment(**nowhere),
    )
    assert done.returncode == 0, done.stderr
    report = (finished_copy.folder / "report.html").read_text(encoding="utf-8")
    for caption in ("learning_curves", "plain_training_cost", "rates", "slope_comparison"):
        path = finished_copy.folder / f"workflow/report/{caption}.rst"
        start = path.read_text(encoding="utf-8").split("**")[1]  # each begins in bold
        assert start in report, caption
    assert "This report tests the theory of two-tower recommenders" in report
