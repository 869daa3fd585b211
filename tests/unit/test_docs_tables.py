"""docs/tables.md names every column of every table, and no other.

Tables of real runs are held against it in tests/workflow; here are the published ones, and lists of
columns in the code.
"""

import json

import pytest

import table_page
from frozen import DECISIONS
from planted_pilots import POWER, source
from studies import GOOD
from table_page import ROOT
from twotower.analyses import clicks, components, levels, methods, tournament, two_stages
from twotower.analyses import rankings as ranking_rates
from twotower.audits import publishing
from twotower.claims import ledger, predicted_table
from twotower.evaluation import best_components, component_lists
from twotower.evaluation import rankings as evaluation_rankings
from twotower.forecast import plan_text
from twotower.forecast.plan import plan
from twotower.lemmas import table
from twotower.rates import approximation, summary
from twotower.retrieval.two_stages import COLUMNS as SPLIT_COLUMNS
from twotower.study import decisions, grid, settings
from twotower.study.reading import validated


def test_every_published_column_is_documented():
    """Of studies that the present rules have judged: pages of their time tell the older ones."""
    tables = {}
    present = f"v{DECISIONS.version}:"
    judged = [
        path.parent
        for path in (ROOT / "docs/findings").glob("*/tables/claims.csv")
        if present in path.read_text(encoding="utf-8")
    ]
    for path in sorted(file for folder in judged for file in folder.glob("*.*")):
        if path.suffix in (".csv", ".md"):
            own = path.stem in ("approximation", "risks")
            place = path.relative_to(ROOT).as_posix() if own else f"results/tables/{path.name}"
            tables[place] = table_page.header(path)
    assert len(tables) > 10 or not judged
    assert not table_page.faults(tables, complete=False)


def test_columns_that_stand_in_the_code_are_documented():
    study = validated(GOOD, "study.yaml")
    cell = [*grid.cells(study)[0].columns(), "lost_energy"]
    clicked = [*cell, *settings.CLICK_KEYS]
    predicted = predicted_table.tables(study, decisions.load(ROOT / "workflow/decisions.yaml"))
    assert not table_page.faults(
        {
            "results/rates/x/rates.csv": [*cell, *approximation.RATE_COLUMNS],
            "results/rates/x/curves.csv": [*cell, *approximation.CURVE_COLUMNS],
            "results/rates/y/rates.csv": [*cell, *summary.RATE_COLUMNS],
            "results/rates/y/curves.csv": [*cell, *summary.CURVE_COLUMNS],
            "results/tables/lemmas.csv": table.COLUMNS,
            "results/tables/levels.csv": [*cell, *levels.COLUMNS],
            "results/tables/tournament.csv": tournament.COLUMNS,
            "results/tables/methods.csv": [*cell, *methods.METHOD_COLUMNS],
            "results/tables/newcomers.csv": [*cell, *methods.NEWCOMER_COLUMNS],
            "docs/findings/x/tables/risks.csv": [*publishing.RISK_KEYS, *publishing.RISK_VALUES],
            "results/tables/clicks.csv": [*clicked, *clicks.RATE_COLUMNS],
            "results/tables/click_curves.csv": [*clicked, *clicks.CURVE_COLUMNS],
            "results/tables/click_claims.csv": ledger.COLUMNS,
            "results/ranking/x.csv": evaluation_rankings.COLUMNS,
            "results/components/best.csv": best_components.COLUMNS,
            "results/components/x.csv": component_lists.FIT_COLUMNS,
            "results/tables/components.csv": components.COLUMNS,
            "results/tables/components_needed.csv": components.NEEDED_COLUMNS,
            "results/two_stages/x.csv": SPLIT_COLUMNS,
            "results/tables/two_stages.csv": [*cell[:-1], *two_stages.COLUMNS],
            "results/tables/ranking.csv": [*cell, *ranking_rates.RATE_COLUMNS],
            "results/tables/ranking_curves.csv": [*cell, *ranking_rates.CURVE_COLUMNS],
            "preregistration/x/predictions.csv": predicted["predictions"].columns,
            "data-plan/x.json": json.loads(plan_text.record(plan(source(POWER), 0.05))),
            "preregistration/x/claims.csv": predicted["claims"].columns,
        }
    )


@pytest.mark.parametrize(
    ("path", "columns", "said"),
    [
        ("results/tables/tournament.csv", ["arm", "new"], "new"),
        ("results/tables/tournament.csv", tournament.COLUMNS[1:], "arm"),
        ("results/tables/new.csv", ["arm"], "no section"),
    ],
)
def test_a_column_or_table_that_is_missing_on_either_side_is_named(path, columns, said):
    [fault] = table_page.faults({path: columns})
    assert fault.startswith(path) and said in fault
