"""The ledger over a planted study: what was planted is what it says."""

from dataclasses import replace

import pandas as pd
import pytest

from frozen import DECISIONS
from study_draws import cell_risks
from twotower.analyses import levels, meta_regression, tournament
from twotower.analyses.cold_start import cold_start
from twotower.analyses.extrapolation import extrapolate
from twotower.analyses.falsifiability import falsifiability
from twotower.claims import ledger as claims_ledger
from twotower.rates.summary import summarize


def study_tables(**last):
    """All tables of a small study whose cells follow the prediction; `last` is one more cell."""
    cells = [("smoothness", {"smoothness": beta}) for beta in (0.5, 1.0, 2.0)]
    cells.append(("dimension", {"user_intrinsic_dim": 2, "item_intrinsic_dim": 2}))
    cells += [("dimension", settings) for settings in ({"ambient_dim": 10}, {})]
    cells += [("dimension", last)] if last else []
    # So many targets that the rules can decide.
    frames = [cell_risks(name, targets=48, **settings) for name, settings in cells]
    risks = pd.concat(frames, ignore_index=True)
    parts = [risks[risks["experiment"] == name] for name in ("smoothness", "dimension")]
    made = [summarize(part, DECISIONS) for part in parts]
    rates = meta_regression.combine([each.rates for each in made])
    return {
        "rates": rates,
        "meta_regression": meta_regression.regression(rates, DECISIONS),
        "tournament": tournament.tournament(rates, 0.95),
        "extrapolation": extrapolate(parts, rates, DECISIONS),
        "falsifiability": falsifiability(DECISIONS),
        "levels": levels.levels([each.curves for each in made], rates),
        "cold_start": cold_start(parts, rates, DECISIONS),
    }


@pytest.fixture(scope="module")
def tables():
    return study_tables()


@pytest.fixture(scope="module")
def ledger(tables):
    return claims_ledger.ledger(tables, DECISIONS)


def row(ledger, claim):
    return ledger.set_index("claim").loc[claim]


def test_a_row_for_every_claim_in_the_order_of_the_decisions(ledger):
    assert list(ledger.columns) == claims_ledger.COLUMNS
    assert ledger["claim"].tolist() == [claim.id for claim in DECISIONS.claims]
    assert {"1", "2", "3", "4a", "4b", "4c", "5", "6", "7", "8"} < set(ledger["claim"])


@pytest.mark.parametrize(
    "claim", ["primary", "primary level", "2", "2b", "4a", "4b", "4c", "extrapolation"]
)
def test_what_was_planted_holds(ledger, claim):
    assert row(ledger, claim)["verdict"] == "holds"


def test_what_the_study_lacks_is_not_tested(ledger):
    left = ledger[ledger["verdict"] == "not tested in this study"]
    expected = {
        "1",
        "2c",
        "3",
        "5",
        "6",
        "7",
        "8",
        "9.1",
        "sampling",
        "noise",
        "off_manifold",
        "null_cells",
    }
    assert expected <= set(left["claim"])
    assert (left["command"] == "").all() and (left["figure"] == "").all()


def test_numbers_come_with_their_intervals(ledger):
    primary = row(ledger, "primary")
    assert primary["low"] < 1 < primary["high"]
    assert primary["cells"] == 5
    assert abs(row(ledger, "2")["measured"]) < 0.03
    assert row(ledger, "4a")["high"] < 0 < row(ledger, "4b")["low"]
    assert "from 0.5 to 2" in row(ledger, "4a")["result"]


def test_a_planted_slower_cell_fails_the_bound_and_shows_in_holm():
    tables = study_tables(smoothness=2.0, ambient_dim=5, tilt=0.5)
    ledger = claims_ledger.ledger(tables, DECISIONS)
    assert row(ledger, "2")["verdict"] == "fails"
    assert row(ledger, "2")["p_holm"] < 0.001
    assert "1 slower" in row(ledger, "2")["detail"]


def test_commands_name_the_target_and_the_study(tables):
    assert row(claims_ledger.ledger(tables, DECISIONS), "4a")["command"] == "snakemake smoothness"
    other = claims_ledger.ledger(tables, DECISIONS, "workflow/studies/standard.yaml")
    option = " --config study=workflow/studies/standard.yaml"
    assert row(other, "4b")["command"] == "snakemake dimension" + option
    assert row(other, "2")["command"] == "snakemake" + option
    assert row(other, "extrapolation")["command"] == "snakemake extrapolation" + option
    assert row(other, "4b")["figure"] == "results/figures/dimension.pdf"


def test_other_decisions_make_a_ledger_stale(ledger):
    changed = replace(DECISIONS, label="v1:0123456789")
    assert not claims_ledger.stale(ledger, DECISIONS)
    assert claims_ledger.stale(ledger, changed)
    last = claims_ledger.to_console(ledger, changed).splitlines()[-1]
    now = "the file is now v1:0123456789"
    assert last == f"STALE: judged by decisions {DECISIONS.label}, {now}"
    assert "STALE" not in claims_ledger.to_console(ledger, DECISIONS)


def test_the_console_shows_what_was_tested_within_its_width(ledger):
    text = claims_ledger.to_console(ledger)
    assert max(map(len, text.splitlines())) <= claims_ledger.WIDTH
    assert "Smoothness helps" in text
    assert "\nNot tested in this study: 1, 2c, 2d, 3, 3b, 5, 6, 7, 8, 8b, 9.1" in text


def test_the_ledger_survives_its_file(ledger, tmp_path):
    from twotower.base import files

    files.write_csv(ledger, tmp_path / "claims.csv")
    read = pd.read_csv(tmp_path / "claims.csv")
    assert claims_ledger.to_console(read, DECISIONS) == claims_ledger.to_console(ledger, DECISIONS)
    assert claims_ledger.display(read).equals(claims_ledger.display(ledger))
