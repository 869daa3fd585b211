"""What an edit makes Snakemake do again: all that depends on it, and no more. Dry runs only."""

import pytest

# What stands behind the rates: every table and figure, but for the map of what can be falsified.
PAPER = {
    "fit_rates": 1,
    "combine_rates": 1,
    "draw_experiment": 1,
    "cold_start_table": 1,
    "error_budget_table": 1,
    "extrapolation_table": 1,
    "levels_table": 1,
    "meta_regression_table": 1,
    "draw_figure": 6,
    "claims": 1,
    "tables": 1,
}
ALL_EVALUATED = {"evaluate": 6} | PAPER
TOWERS_EVALUATED = {"evaluate": 4} | PAPER
FITTER = {"check_fitter": 1} | PAPER
PREDICTED = {"predict": 4, "predictions": 1}


def add_comment(project, path):
    with open(project.folder / path, "a", encoding="utf-8") as file:
        file.write("\n# a comment\n")


def test_a_finished_run_has_nothing_to_do_even_when_moved(finished, finished_copy):
    assert finished.planned() == {}
    assert finished_copy.planned() == {}


@pytest.mark.parametrize(
    "path, jobs",
    [
        ("README.md", {}),
        ("config.yaml", {}),  # the default study, and this is another
        ("scripts/twotower/rates/slopes.py", FITTER),
        ("scripts/twotower/rates/planted.py", FITTER),
        ("scripts/rates/fit_rates.py", PAPER),
        ("scripts/twotower/report/limits.py", {"draw_figure": 7}),
        ("scripts/twotower/report/experiments.py", {"draw_experiment": 1}),
        ("scripts/report/draw_figures.py", {"draw_figure": 7}),
        ("scripts/twotower/claims/rules.py", {"claims": 1, "tables": 1}),
        (
            "workflow/decisions.yaml",  # another rule judges everything anew
            FITTER | {"falsifiability_table": 1, "draw_figure": 7},
        ),
        ("scripts/twotower/evaluation/risks.py", ALL_EVALUATED),
        ("scripts/twotower/predictions/targets/oracle_sieve.py", PREDICTED | PAPER),
        ("scripts/twotower/towers/training.py", {"train": 4} | TOWERS_EVALUATED),
        ("scripts/twotower/towers/closed_form/hats.py", {"train": 4} | TOWERS_EVALUATED),
        ("scripts/towers/train.py", {"train": 4} | TOWERS_EVALUATED),
        ("scripts/twotower/records/job_records.py", {}),  # bookkeeping
        ("scripts/twotower/base/safe_names.py", {}),
        (
            "scripts/twotower/data/targets.py",
            {"generate_data": 2, "generate_test_pairs": 2, "fit_reference": 2, "train": 4}
            | PREDICTED
            | ALL_EVALUATED
            | FITTER,  # floors of bent ratings know the laws of ratings
        ),
    ],
)
def test_edited_code(finished_copy, path, jobs):
    add_comment(finished_copy, path)
    assert finished_copy.planned() == jobs


@pytest.mark.parametrize(
    "changes, jobs",
    [
        ({"name": "other"}, {"index": 1}),  # where the name stands
        ({"certificate_sizes": [512]}, {"train": 4} | TOWERS_EVALUATED),
        (
            {"sample_sizes": [64, 128, 512]},
            {"fit_reference": 2, "train": 4} | PREDICTED | ALL_EVALUATED,
        ),
        (
            {"arms": {"erm": {"alternations": 1, "joint_steps": 2}}},  # adam is dropped
            {"index": 1} | PAPER | {"draw_figure": 5},  # none of what plain training costs
        ),
        (
            {"experiments": {"smoothness": {"title": "A", "vary": {"smoothness": [2.0, 1.0]}}}},
            {"index": 1, "predictions": 1} | PAPER,
        ),
        (
            {"experiments": {"smoothness": {"title": "A", "vary": {"smoothness": [1, 2, 3]}}}},
            {"generate_data": 1, "generate_test_pairs": 1, "fit_reference": 1, "train": 2}
            | {"predict": 2, "predictions": 1, "evaluate": 3, "index": 1}
            | PAPER,
        ),
        (
            {"replicates_per_job": 1},
            {"fit_reference": 4, "train": 8} | ALL_EVALUATED,
        ),
    ],
)
def test_edited_study(finished_copy, changes, jobs):
    finished_copy.write_study(**changes)
    assert finished_copy.planned() == jobs


def test_other_test_pairs_retrain_nothing(finished_copy):
    finished_copy.write_study(test_pairs=512)
    planned = finished_copy.planned()
    assert "evaluate" in planned
    assert not {"train", "fit_reference"} & planned.keys()


def test_a_lost_table_is_made_again(finished_copy):
    (finished_copy.folder / "results/tables/rates.md").unlink()
    assert finished_copy.planned() == {"tables": 1}
