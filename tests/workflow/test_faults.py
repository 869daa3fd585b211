"""What a person sees who gives a faulty study, or whose job fails."""

import re

import pytest

from twotower.study.schema import Study

KEYS = ", ".join(Study.model_fields)
BAD = {
    "seed": -1,
    "sample_sizes": [512, 64],
    "arms": {"adam": {"steps": 5, "learning_rate": "1e-2"}},
    "tset_pairs": 256,
}
BAD_LINES = [
    "seed: -1 is too small; allowed: a whole number from 0 to 4,294,967,295",
    "sample_sizes: 64 follows 512; allowed: sizes that grow from first to last; "
    "sort them and drop repeats",
    "arms.adam.learning_rate: '1e-2' is text; allowed: a number above 0; "
    "YAML reads 1e-2 as text, write 1.0e-2",
    f"tset_pairs: unknown key; allowed: {KEYS}; did you mean 'test_pairs'?",
]
BROKEN = "name: a\nseed: [1, 2\nreplicates: 3\n"
BROKEN_LINE = (
    "line 3, column 11: expected ',' or ']', but got ':' (while parsing a flow sequence); "
    "allowed: plain YAML"
)


def refused(project, *arguments):
    """Standard error of a run that must end before any work, having made nothing."""
    done = project.snakemake(*arguments, timeout=60)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert not (project.folder / "results").exists()
    return done.stderr


def message(place, *lines):
    count = f"{len(lines)} problem" + ("s" if len(lines) > 1 else "")
    return f"{place}: {count}\n" + "".join(f"  {line}\n" for line in lines)


def test_all_faults_of_a_study_at_once(project):
    project.write_study(**BAD)
    found = refused(project, "--config", "study=study.yaml")
    assert message("study.yaml", *BAD_LINES) in found
    found = refused(project, "--configfile", "study.yaml")
    assert message(project.folder / "study.yaml", *BAD_LINES) in found


@pytest.mark.parametrize(
    "place, line",
    [
        ("none.yaml", "there is no such file; allowed: a YAML file; check the spelling"),
        ("profiles", "this is a folder; allowed: a YAML file"),
        ("broken.yaml", BROKEN_LINE),
    ],
)
def test_files_that_are_no_study(project, place, line):
    (project.folder / "broken.yaml").write_text(BROKEN, encoding="utf-8")
    assert message(place, line) in refused(project, "--config", f"study={place}")


def test_a_broken_configfile(project):
    """Snakemake reads it before the project is asked: the words are its own."""
    (project.folder / "broken.yaml").write_text(BROKEN, encoding="utf-8")
    found = refused(project, "--configfile", "broken.yaml")
    assert "Config file is not valid JSON or YAML" in found


@pytest.mark.parametrize(
    "given, line",
    [
        ("replicates=zero", "replicates: 'zero' is text; allowed: a whole number from 1 to 10,000"),
        (
            "replicate=4",
            f"replicate: unknown key; allowed: {KEYS}; did you mean 'replicates'?",
        ),
    ],
)
def test_faults_on_the_command_line(project, given, line):
    found = refused(project, "--config", "study=study.yaml", given)
    assert message("study.yaml", line) in found


def test_an_empty_study_is_not_the_default_one(project):
    done = project.snakemake("--dry-run", "--config", "study=", timeout=60)
    assert done.returncode == 1


def test_a_refusal_shows_no_line_of_the_workflow(project):
    found = refused(project, "--config", "study=study.yaml", "replicates=zero")
    assert "common.smk" not in found


def test_a_failed_certificate_is_shown_and_leaves_nothing(alone):
    alone.edit(
        "scripts/twotower/data/certificate.py",
        "SMOOTHNESS_TOLERANCE = 0.15",
        "SMOOTHNESS_TOLERANCE = 1e-9",
    )
    done = alone.snakemake("--config", "study=study.yaml", "--until", "generate_data")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "CertificateError: 4 of 12 checks of this data set failed:" in done.stderr
    for replicate in (0, 1):
        for tower in ("user", "item"):
            pattern = (
                rf"replicate {replicate}, {tower} tower: smoothness measured [\d.]+, "
                "expected 1 within 1e-09"
            )
            assert re.search(pattern, done.stderr)
    assert sorted(alone.made()) == alone.of_runs()
    (log,) = alone.folder.glob("results/logs/generate_data/*.log")
    assert log.read_text(encoding="utf-8").startswith("CertificateError: 4 of 12 checks")
