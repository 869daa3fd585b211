"""Tables: exact to the digits written, one row per row, safe in Markdown and LaTeX."""

import math

import numpy as np
import pandas as pd

from figure_fakes import PlantedCell, planted_frames, planted_study
from frozen import DECISIONS
from twotower.base import files
from twotower.claims import ledger as claims_ledger
from twotower.report.tables import latex as latex_tables
from twotower.report.tables import layouts, markdown, texts
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
    alike = texts.rate_table(rates_of({"smoothness": 0.5}, {"smoothness": 2.0}))
    assert list(alike.columns[:6]) == ["experiment", "β", "d", "D", "arm", "window"]
    differ = texts.rate_table(rates_of({}, {"depth": 2}, {"user_intrinsic_dim": 2}))
    assert list(differ.columns[3:6]) == ["D", "setting", "arm"]
    assert list(differ["setting"].unique()) == ["depth = 1", "depth = 2"]
    assert "2, 1" in set(differ["d"])


def test_markdown_has_one_line_per_row(tmp_path):
    rates = rates_of({}, {"smoothness": 2.0})
    rates.loc[0, "experiment"] = "a|b"
    markdown.write(texts.rate_table(rates), layouts.RATES, tmp_path / "rates.md")
    lines = (tmp_path / "rates.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == len(rates) + 2
    assert {row.replace(r"\|", "").count("|") for row in rows} == {12}
    assert r"a\|b" in rows[2]
    slope = labels.interval_text(*rates.loc[0, ["slope", "slope_low", "slope_high"]])
    assert "512–64k" in rows[2] and slope in rows[2]
    assert lines[-1] == layouts.RATES.caption


def latex(table, layout, path):
    latex_tables.write(table, layout, path)
    return path.read_bytes().decode("ascii")


def test_latex_has_booktabs_rules_caption_and_label(tmp_path):
    rates = rates_of({"smoothness": math.inf}, {})
    text = latex(texts.rate_table(rates), layouts.RATES, tmp_path / "rates.tex")
    for part in (r"\toprule", r"\midrule", r"\bottomrule", r"\label{tab:rates}", r"\caption{"):
        assert text.count(part) == 1
    body = text.split(r"\midrule")[1].split(r"\bottomrule")[0].strip().splitlines()
    assert len(body) == len(rates)
    assert {line.count(" & ") for line in body} == {10}
    assert r"$\infty$" in text and "512--64k" in text
    assert text.count(r"\begin{table*}") == text.count(r"\end{table*}") == 1


def test_a_table_longer_than_a_page_goes_on_in_further_floats(tmp_path):
    _, rates = planted_study()
    table = texts.rate_table(rates.drop_duplicates(["cell", "arm"]))
    text = latex(table, layouts.RATES, tmp_path / "rates.tex")
    floats = text.count(r"\begin{table*}")
    assert floats == text.count(r"\end{table*}") > len(table) / latex_tables.PAGE_LINES > 1
    assert text.count(r"\label{tab:rates}") == 1
    assert text.count(r"\caption{(continued)}") == floats - 1
    bodies = [part.split(r"\bottomrule")[0] for part in text.split(r"\midrule")[1:]]
    assert sum(len(body.strip().splitlines()) for body in bodies) == len(table)
    assert all(len(body.strip().splitlines()) <= latex_tables.PAGE_LINES for body in bodies)


def test_latex_escapes_what_a_user_may_write(tmp_path):
    rates = rates_of({}, arms=["erm"]).assign(experiment=r"a_b & 5% #1 {x} ^~\$")
    text = latex(texts.rate_table(rates), layouts.RATES, tmp_path / "rates.tex")
    signs = r"\textasciicircum{}\textasciitilde{}\textbackslash{}\$"
    assert rf"a\_\allowbreak{{}}b \& 5\% \#1 \{{x\}} {signs} & 1 & " in text


def test_latex_keeps_options_and_breaks_long_paths(tmp_path):
    words = frozenset({"a", "b"})
    layout = layouts.Layout("caption", "tab:x", words=words, widths={"b": 2.0})
    command = "make --config study=a/my_own.yaml"
    text = latex(pd.DataFrame({"a": [command], "b": [command]}), layout, tmp_path / "x.tex")
    plain = r"make -{}-config study=a/my\_own.yaml"
    free = r"make -{}-config study=\allowbreak{}a/\allowbreak{}my\_\allowbreak{}own.yaml"
    assert rf"{plain} & \ragged {free} \\" in text


def test_console_table_fits_and_wraps_long_verdicts():
    cells = [
        {"smoothness": beta, "item_intrinsic_dim": 4, "depth": depth, "schedule": "dense"}
        for beta in (0.5, math.inf)
        for depth in (1, 2)
    ]
    rates = rates_of({}, *cells, arms=["erm"])
    rates["verdict"] = "bound not contradicted, rate unresolved"
    text = texts.console_table(rates)
    assert max(map(len, text.splitlines())) <= texts.CONSOLE_WIDTH
    assert sum(" erm " in line for line in text.splitlines()) == len(rates)
    assert "1, 4" in text and "∞" in text and "dense schedule, depth = 2" in text


def test_missing_numbers_are_a_dash_everywhere(tmp_path):
    rates = rates_of({})
    rates[["n_min", "n_max", "slope", "slope_low", "slope_high", "reference_slope"]] = math.nan
    rates["verdict"] = None
    table = texts.rate_table(rates)
    row = table.iloc[0]
    assert row["slope [95% interval]"] == row["window"] == row["verdict"] == labels.ABSENT
    latex_tables.write(table, layouts.RATES, tmp_path / "rates.tex")
    markdown.write(table, layouts.RATES, tmp_path / "rates.md")
    assert "nan" not in texts.console_table(rates)


def test_reasons_are_given_for_inconclusive_rows_alone():
    rates = rates_of({"item_intrinsic_dim": 2}).assign(verdict="consistent with the rate")
    assert texts.console_reasons(rates) == []
    rates.loc[rates.index[1], ["verdict", "reason"]] = ["inconclusive", "too few sizes"]
    assert texts.console_reasons(rates) == [
        "inconclusive:",
        "  β = 1, d_u = 1, d_i = 2, reference: too few sizes",
        "",
    ]


# ---------------------------------------------------------------- the ledger of claims


def test_the_ledger_is_written_for_pages_and_papers(tmp_path):
    _, rates = planted_study()
    rates = rates.drop_duplicates(["cell", "arm"]).assign(p_slower=0.5, p_holm=1.0, data="one")
    ledger = claims_ledger.display(claims_ledger.ledger({"rates": rates}, DECISIONS))
    text = latex(ledger[layouts.PRINTED_CLAIMS], layouts.CLAIMS, tmp_path / "claims.tex")
    bodies = [part.split(r"\bottomrule")[0].strip() for part in text.split(r"\midrule")[1:]]
    assert sum(len(body.splitlines()) for body in bodies) == len(ledger)
    assert r"p{4.0cm}" in text and r"\label{tab:claims}" in text
    markdown.write(ledger, layouts.CLAIMS, tmp_path / "claims.md")
    written = (tmp_path / "claims.md").read_text(encoding="utf-8")
    assert "snakemake smoothness" in written and written.endswith(f"{layouts.CLAIMS.caption}\n")
