"""Tables: exact to the digits written, one row per row, safe in Markdown and LaTeX."""

import math

import numpy as np
import pandas as pd

from figure_fakes import PlantedCell, planted_frames, planted_study
from frozen import DECISIONS
from twotower.base import files
from twotower.claims import ledger as claims_ledger
from twotower.report import tables
from twotower.study import labels

# ---------------------------------------------------------------- CSV


def test_csv_round_trips_to_the_digits_written(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "cell": ["a", 'b,"c"', "β"],
            "smoothness": [0.5, 2.0, math.inf],
            "n_ratings": [512, 1 << 40, 3],
            "risk": rng.lognormal(0, 20, 3),
            "slope": [-0.1, math.nan, 1e-300],
            "in_window": [True, False, True],
        }
    )
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    files.write_csv(frame, first)
    read = pd.read_csv(first)
    written = frame.assign(risk=[float(f"{risk:.10g}") for risk in frame["risk"]])
    pd.testing.assert_frame_equal(read, written, check_exact=True, check_dtype=False)
    files.write_csv(read, second)
    assert first.read_bytes() == second.read_bytes()


def test_csv_has_unix_lines_and_plain_infinity(tmp_path):
    files.write_csv(pd.DataFrame({"x": [math.inf, 0.1, math.nan], "n": 1}), tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_bytes() == b"x,n\ninf,1\n0.1,1\n,1\n"


# ---------------------------------------------------------------- the rates


def rates_of(*settings: dict, arms=("erm", "reference")) -> pd.DataFrame:
    return planted_frames("any", [PlantedCell(one) for one in settings], list(arms))[1]


def test_only_settings_that_differ_have_a_column():
    alike = tables.rate_table(rates_of({"smoothness": 0.5}, {"smoothness": 2.0}))
    assert list(alike.columns[:6]) == ["experiment", "β", "d", "D", "arm", "window"]
    differ = tables.rate_table(rates_of({}, {"depth": 2}, {"user_intrinsic_dim": 2}))
    assert list(differ.columns[3:6]) == ["D", "setting", "arm"]
    assert list(differ["setting"].unique()) == ["depth = 1", "depth = 2"]
    assert "2, 1" in set(differ["d"])


def test_markdown_has_one_line_per_row(tmp_path):
    rates = rates_of({}, {"smoothness": 2.0})
    rates.loc[0, "experiment"] = "a|b"
    tables.to_markdown(tables.rate_table(rates), tables.RATES, tmp_path / "rates.md")
    lines = (tmp_path / "rates.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == len(rates) + 2
    assert {row.replace(r"\|", "").count("|") for row in rows} == {12}
    assert r"a\|b" in rows[2]
    slope = labels.interval_text(*rates.loc[0, ["slope", "slope_low", "slope_high"]])
    assert "512–64k" in rows[2] and slope in rows[2]
    assert lines[-1] == tables.RATES.caption


def latex(table, layout, path):
    tables.to_latex(table, layout, path)
    return path.read_bytes().decode("ascii")


def test_latex_has_booktabs_rules_caption_and_label(tmp_path):
    rates = rates_of({"smoothness": math.inf}, {})
    text = latex(tables.rate_table(rates), tables.RATES, tmp_path / "rates.tex")
    for part in (r"\toprule", r"\midrule", r"\bottomrule", r"\label{tab:rates}", r"\caption{"):
        assert text.count(part) == 1
    body = text.split(r"\midrule")[1].split(r"\bottomrule")[0].strip().splitlines()
    assert len(body) == len(rates)
    assert {line.count(" & ") for line in body} == {10}
    assert r"$\infty$" in text and "512--64k" in text
    assert text.count(r"\begin{table*}") == text.count(r"\end{table*}") == 1


def test_a_table_longer_than_a_page_breaks_over_pages(tmp_path):
    _, rates = planted_study()
    table = tables.rate_table(rates.drop_duplicates(["cell", "arm"]))
    assert len(table) > tables.LONGEST_FLOAT
    text = latex(table, tables.RATES, tmp_path / "rates.tex")
    assert text.count(r"\begin{longtable}") == text.count(r"\end{longtable}") == 1
    assert "table*" not in text and "longtable}\n" in text.splitlines()[0] + "\n"


def test_latex_escapes_what_a_user_may_write(tmp_path):
    rates = rates_of({}, arms=["erm"]).assign(experiment=r"a_b & 5% #1 {x} ^~\$")
    text = latex(tables.rate_table(rates), tables.RATES, tmp_path / "rates.tex")
    assert (
        r"a\_b \& 5\% \#1 \{x\} \textasciicircum{}\textasciitilde{}\textbackslash{}\$ & 1 & "
        in text
    )


def test_console_table_fits_and_wraps_long_verdicts():
    cells = [
        {"smoothness": beta, "item_intrinsic_dim": 4, "depth": depth, "schedule": "dense"}
        for beta in (0.5, math.inf)
        for depth in (1, 2)
    ]
    rates = rates_of({}, *cells, arms=["erm"])
    rates["verdict"] = "bound not contradicted, rate unresolved"
    text = tables.console_table(rates)
    assert max(map(len, text.splitlines())) <= tables.CONSOLE_WIDTH
    assert sum(" erm " in line for line in text.splitlines()) == len(rates)
    assert "1, 4" in text and "∞" in text and "dense schedule, depth = 2" in text


def test_missing_numbers_are_a_dash_everywhere(tmp_path):
    rates = rates_of({})
    rates[["n_min", "n_max", "slope", "slope_low", "slope_high", "reference_slope"]] = math.nan
    rates["verdict"] = None
    table = tables.rate_table(rates)
    row = table.iloc[0]
    assert row["slope [95% interval]"] == row["window"] == row["verdict"] == labels.ABSENT
    tables.to_latex(table, tables.RATES, tmp_path / "rates.tex")
    tables.to_markdown(table, tables.RATES, tmp_path / "rates.md")
    assert "nan" not in tables.console_table(rates)


def test_reasons_are_given_for_inconclusive_rows_alone():
    rates = rates_of({"item_intrinsic_dim": 2}).assign(verdict="consistent with the rate")
    assert tables.console_reasons(rates) == []
    rates.loc[rates.index[1], ["verdict", "reason"]] = ["inconclusive", "too few sizes"]
    assert tables.console_reasons(rates) == [
        "inconclusive:",
        "  β = 1, d_u = 1, d_i = 2, reference: too few sizes",
        "",
    ]


# ---------------------------------------------------------------- the ledger of claims


def test_the_ledger_is_written_for_pages_and_papers(tmp_path):
    _, rates = planted_study()
    rates = rates.drop_duplicates(["cell", "arm"]).assign(p_slower=0.5, p_holm=1.0, data="one")
    ledger = claims_ledger.display(claims_ledger.ledger({"rates": rates}, DECISIONS))
    text = latex(ledger[tables.PRINTED_CLAIMS], tables.CLAIMS, tmp_path / "claims.tex")
    body = text.split(r"\midrule")[1].split(r"\bottomrule")[0].strip().splitlines()
    assert len(body) == len(ledger)
    assert r"p{4.0cm}" in text and r"\label{tab:claims}" in text
    tables.to_markdown(ledger, tables.CLAIMS, tmp_path / "claims.md")
    markdown = (tmp_path / "claims.md").read_text(encoding="utf-8")
    assert "snakemake smoothness" in markdown and markdown.endswith(f"{tables.CLAIMS.caption}\n")
