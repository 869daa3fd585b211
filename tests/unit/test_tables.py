"""Tables: exact to the digits written, one row per row, safe in Markdown and LaTeX."""

import math

import numpy as np
import pandas as pd

from fakes import DEFAULT_CELLS, FakeCell, fake_rates
from twotower import files, labels, tables

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


# ---------------------------------------------------------------- for readers


def test_markdown_has_one_line_per_row(tmp_path):
    rates = fake_rates()
    rates.loc[0, "experiment"] = "a|b"
    tables.to_markdown(rates, tmp_path / "rates.md")
    lines = (tmp_path / "rates.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == len(rates) + 2
    columns = {row.replace(r"\|", "").count("|") for row in rows}
    assert columns == {13}
    assert r"a\|b" in rows[2]
    assert "4k–64k" in rows[2] and "−0.51 [−0.54, −0.48]" in rows[2]
    assert lines[-1] == tables.CAPTION


def test_latex_has_booktabs_rules_caption_and_label(tmp_path):
    rates = fake_rates((FakeCell(math.inf), *DEFAULT_CELLS))
    tables.to_latex(rates, tmp_path / "rates.tex")
    text = (tmp_path / "rates.tex").read_bytes().decode("ascii")
    for part in (r"\toprule", r"\midrule", r"\bottomrule", r"\label{tab:rates}", r"\caption{"):
        assert text.count(part) == 1
    body = text.split(r"\midrule")[1].split(r"\bottomrule")[0].strip().splitlines()
    assert len(body) == len(rates)
    assert {line.count(" & ") for line in body} == {11}
    assert r"$\infty$" in text and "4k--64k" in text
    assert text.count(r"\begin{table*}") == text.count(r"\end{table*}") == 1


def test_latex_escapes_what_a_user_may_write(tmp_path):
    rates = fake_rates(DEFAULT_CELLS[:1], arms=("erm",)).assign(experiment=r"a_b & 5% #1 {x} ^~\$")
    tables.to_latex(rates, tmp_path / "rates.tex")
    escaped = (
        r"a\_b \& 5\% \#1 \{x\} \textasciicircum{}\textasciitilde{}\textbackslash{}\$ & 1/2 & "
    )
    assert escaped in (tmp_path / "rates.tex").read_text(encoding="ascii")


def test_console_table_fits_and_wraps_long_verdicts():
    cells = tuple(
        FakeCell(beta, 1, 4, ambient_dim=10, depth=depth)
        for beta in (0.5, math.inf)
        for depth in (1, 2)
    )
    text = tables.console_table(fake_rates(cells))
    lines = text.splitlines()
    assert max(map(len, lines)) <= tables.CONSOLE_WIDTH
    assert sum(" erm " in line for line in lines) == len(cells)
    assert " ".join(text.split()).count("consistent with the rate") == len(cells)
    assert "1, 4" in text and "∞" in text


def test_missing_numbers_are_a_dash_everywhere(tmp_path):
    rates = fake_rates(DEFAULT_CELLS[:1])
    rates[["n_min", "n_max", "slope", "slope_low", "slope_high", "reference_slope"]] = math.nan
    rates["verdict"] = None
    row = tables.display_table(rates).iloc[0]
    assert row["slope [95% interval]"] == row["window"] == row["verdict"] == labels.ABSENT
    tables.to_latex(rates, tmp_path / "rates.tex")
    tables.to_markdown(rates, tmp_path / "rates.md")
    assert "nan" not in tables.console_table(rates)


def test_reasons_are_given_for_inconclusive_rows_alone():
    rates = fake_rates().assign(verdict="consistent with the rate", reason="fine")
    assert tables.console_reasons(rates) == []
    rates.loc[rates.index[1], ["verdict", "reason"]] = ["inconclusive", "too few sizes"]
    head, line, end = tables.console_reasons(rates)
    assert (head, end) == ("inconclusive:", "")
    assert line.endswith(f", {rates['arm'].iloc[1]}: too few sizes")
