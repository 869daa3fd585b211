"""One place for each kind of thing: what else a newcomer owes is named here, file by file."""

import ast
from pathlib import Path
from typing import get_args

import pytest

from twotower.cost import methods as method_cost
from twotower.cost.jobs import Jobs
from twotower.cost.operations import arms as arm_cost
from twotower.cost.requests import REAL, Requests
from twotower.data import sampling
from twotower.methods import comparators
from twotower.real import ratings as real_ratings
from twotower.real.reading import layouts
from twotower.records import workflow_rules
from twotower.report import style
from twotower.study import analyses, arms, conflicts
from twotower.study.arm_settings import Arms
from twotower.study.rules.ledgers import LEDGERS
from twotower.study.settings import ScheduledWidth
from twotower.theory import width
from twotower.towers import steps, training

ROOT = Path(__file__).parents[3]
RULES = workflow_rules.read(ROOT)
OWED = {
    "a mark in ARM_MARKS of report/style.py": (arms.ORDER, style.ARM_MARKS),
    "its settings in study/arm_settings.py": (arms.FITTED, Arms.model_fields),
    "a way to train it in ARMS of towers/training.py": (arms.TOWER_ARMS, training.ARMS),
    "the setting that counts its steps, in STEPS of towers/steps.py": (
        arms.TOWER_ARMS,
        steps.STEPS,
    ),
    "its operations in ARM_WORK of cost/operations/arms.py": (arms.TOWER_ARMS, arm_cost.ARM_WORK),
    "a way to fit it in methods/comparators.py": (arms.COMPARATORS, comparators.COMPARATORS),
    "its seconds in SECONDS of cost/methods.py": (
        arms.COMPARATORS,
        [*method_cost.SECONDS, method_cost.KERNEL_RIDGE],
    ),
}


@pytest.mark.parametrize("owed", OWED)
def test_an_arm_has_all_that_it_needs(owed):
    listed, there = OWED[owed]
    for arm in listed:
        assert arm in there, f"the arm {arm} of study/arms.py still needs {owed}"
    for arm in there:
        assert arm in listed, f"{arm} is not in the list of arms in study/arms.py, but has {owed}"


@pytest.mark.parametrize("arm", arms.TOWER_ARMS)
def test_towers_count_their_steps_by_a_setting_of_theirs(arm):
    keys = get_args(Arms.model_fields[arm].annotation)[0].model_fields
    assert steps.STEPS[arm] in keys, f"STEPS of towers/steps.py: {arm} has {', '.join(keys)}"


def test_an_arm_without_a_cost_is_named():
    with pytest.raises(NotImplementedError, match="arm 'new' has .* ARM_WORK of twotower"):
        arm_cost.train_work({}, "new", {}, [64], 64, 1)
    with pytest.raises(NotImplementedError, match="method 'new' has .* SECONDS of twotower"):
        method_cost.seconds("new", 1, 64, 64, 2, True)


def drawn() -> set[str]:
    """The names of the figures that the script draws."""
    tree = ast.parse((ROOT / "scripts/report/draw_figures.py").read_text(encoding="utf-8"))
    found = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FIGURES"
    ]
    return {key.value for key in found[0].keys}


@pytest.mark.parametrize("each", analyses.ANALYSES, ids=lambda each: each.table or each.figure)
def test_an_analysis_has_all_that_it_needs(each):
    if each.table:
        rule = RULES.get(f"{each.table}_table")
        assert rule, f"study/analyses.py: the table {each.table} needs a rule {each.table}_table"
        assert f"results/tables/{each.table}.csv" in dict(rule.outputs).values()
    if each.figure:
        what = "needs a drawing in FIGURES of scripts/report/draw_figures.py"
        assert each.figure in drawn(), f"study/analyses.py: the figure {each.figure} {what}"
        caption = (ROOT / "workflow/report/figure.rst").read_text(encoding="utf-8")
        what = "needs a caption in workflow/report/figure.rst"
        assert f'figure == "{each.figure}"' in caption, f"the figure {each.figure} {what}"


def test_tables_and_figures_that_exist_are_in_the_list():
    assert drawn() == {each.figure for each in analyses.ANALYSES if each.figure}
    tables = {name.removesuffix("_table") for name in RULES if name.endswith("_table")}
    assert tables == {each.table for each in analyses.ANALYSES if each.table}


def test_every_rule_takes_its_settings_and_inputs_from_the_list_of_jobs():
    """What a rule adds by itself, neither the cost model nor verify would know."""
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        for text in path.read_text(encoding="utf-8").split("\nrule ")[1:]:
            name = text.partition(":")[0]
            assert f'        spec=spec("{name}"),\n' in text, f"{path.name}: params of {name}"
            if "    input:\n" in text and not name.endswith(("_real", "_diagnosis")):
                assert f'    input:\n        unpack(inputs("{name}")),\n    output' in text, name


def test_every_rule_has_a_name_that_no_experiment_can_have():
    """Rules of real ratings, and of a diagnosis, are there in runs that ask for them alone."""
    named = {
        name
        for name, rule in RULES.items()
        if not name.endswith("_table") and not rule.file.endswith(("/real.smk", "/diagnose.smk"))
    }
    assert named | {"all", "diagnose"} == conflicts.RULES


def test_arms_that_ask_who_rated_need_a_design_that_rates_users_again():
    assert set(arms.BY_USER) <= set(arms.TOWER_ARMS)
    assert any("user" in towers for towers in sampling.AGAIN.values())


def test_a_width_schedule_is_explained_where_it_is_chosen():
    about = ScheduledWidth.model_fields["schedule"].description
    for schedule in width.GROWING:
        assert f"{schedule}: " in about, f"study/settings.py does not say what {schedule} means"


def test_a_source_of_ratings_has_a_reader_and_no_rule_names_it():
    assert set(layouts.SOURCES) == set(real_ratings.READERS), "READERS of real/ratings.py"
    rules = (ROOT / "workflow/rules/real.smk").read_text(encoding="utf-8").split("\nrule ")[1:]
    for source in layouts.SOURCES:
        assert not any(source in rule for rule in rules), f"real.smk names {source}"


def test_jobs_on_real_ratings_ask_for_what_the_cost_model_says():
    """95 bytes for each of 32 million ratings, and 500 MB beside them."""
    named = {
        name for name, rule in RULES.items() if rule.file.endswith(("/real.smk", "/diagnose.smk"))
    }
    assert named == set(REAL)
    requests = Requests(Jobs.__new__(Jobs))  # no job of a study is asked
    assert requests.memory("load_real", {"source": "one"}) == 4000
    assert requests.memory("load_real", {"source": "one"}, attempt=2) == 8000
    assert requests.memory("draw_real", {"source": "one"}) == 1000
    assert requests.runtime("fit_real", {"source": "one"}) == 120


def test_a_ledger_has_its_table_and_its_rules():
    tables = {f"results/tables/{each.table}.csv" for each in analyses.ANALYSES}
    for place, ledger in enumerate(LEDGERS):
        owed = "its Analysis in study/analyses.py"
        assert place == 0 or ledger.table in tables, f"{ledger.table} still needs {owed}"
        assert ledger.load(ROOT / ledger.rules).claims
