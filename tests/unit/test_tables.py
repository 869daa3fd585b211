"""Tables: exact to the digits written, one row per row, safe in Markdown and LaTeX."""

import math

import numpy as np
import pandas as pd
import pytest

from fakes import DEFAULT_CELLS, FakeCell, fake_rates, fake_risks
from twotower import files, tables


@pytest.mark.parametrize(
    ("beta", "text"),
    [(0.5, "1/2"), (1.0, "1"), (2, "2"), (1.5, "3/2"), (0.3, "0.3"), (math.inf, "∞")],
)
def test_smoothness_is_written_as_a_reader_writes_it(beta, text):
    assert tables.smoothness_text(beta) == text


@pytest.mark.parametrize(
    ("n", "text"),
    [(512, "512"), (1024, "1k"), (65536, "64k"), (1 << 20, "1M"), (10_000, "10,000"), (3072, "3k")],
)
def test_k_always_means_1024(n, text):
    assert tables.size_text(n) == text


def test_numbers_have_a_true_minus_and_no_minus_zero():
    assert tables.number_text(-0.514) == "−0.51"
    assert tables.number_text(-0.001) == "0.00"
    assert tables.number_text(math.nan) == tables.ABSENT
    assert tables.number_text(-math.inf) == "−∞"
    assert tables.plus_minus_text(-0.51, -0.54, -0.48) == "−0.51 ± .03"
    assert tables.plus_minus_text(-0.51, -2.0, 0.6) == "−0.51 ± 1.30"
    assert tables.interval_text(-0.51, math.nan, math.nan) == "−0.51"


# ---------------------------------------------------------------- cells


def test_titles_name_only_what_a_reader_needs():
    titles = tables.cell_titles(fake_rates())
    assert list(titles.values()) == [
        "β = 1/2, d = 1",
        "β = 1, d = 1",
        "β = 2, d = 1",
        "β = 1, d = 1, D = 10",
        "β = 1, d = 2",
    ]


def test_depth_and_noise_are_named_only_where_they_differ():
    cells = (FakeCell(math.inf, 1, 3, ambient_dim=3), FakeCell(1.0, depth=3))
    assert (
        "β = ∞, $d_u$ = 1, $d_i$ = 3, depth = 1" in tables.cell_titles(fake_rates(cells)).values()
    )
    risks = fake_risks(DEFAULT_CELLS[:1], sizes=(512,))
    assert list(tables.cell_titles(risks).values()) == ["β = 1/2, d = 1"]
    quiet = risks.assign(cell="quiet", noise_sd=0.3)
    titles = tables.cell_titles(pd.concat([risks, quiet]))
    assert titles["quiet"] == "β = 1/2, d = 1, σ = 0.3"


def test_cells_that_nothing_shown_tells_apart_get_their_id():
    rates = fake_rates((FakeCell(1.0, half=1.0), FakeCell(1.0, half=2.0)))
    titles = tables.cell_titles(rates)
    assert len(set(titles.values())) == 2
    assert all(cell in title for cell, title in titles.items())
    assert set(tables.display_table(rates)["cell"]) == set(titles)


def test_the_order_of_the_rows_does_not_matter():
    rates = fake_rates()
    shuffled = rates.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(tables.display_table(rates), tables.display_table(shuffled))
    assert list(tables.cell_titles(rates)) == list(tables.cell_titles(shuffled))


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
    assert row["slope [95% interval]"] == row["window"] == row["verdict"] == tables.ABSENT
    tables.to_latex(rates, tmp_path / "rates.tex")
    tables.to_markdown(rates, tmp_path / "rates.md")
    assert "nan" not in tables.console_table(rates)
