"""How a reader sees cells, sizes and numbers: exact, distinct, in one order."""

import math

import pandas as pd
import pytest

from fakes import DEFAULT_CELLS, FakeCell, fake_rates, fake_risks
from twotower import labels, tables


@pytest.mark.parametrize(
    ("beta", "text"),
    [(0.5, "1/2"), (1.0, "1"), (2, "2"), (1.5, "3/2"), (0.3, "0.3"), (math.inf, "∞")],
)
def test_smoothness_is_written_as_a_reader_writes_it(beta, text):
    assert labels.smoothness_text(beta) == text


@pytest.mark.parametrize(
    ("n", "text"),
    [(512, "512"), (1024, "1k"), (65536, "64k"), (1 << 20, "1M"), (10_000, "10,000"), (3072, "3k")],
)
def test_k_always_means_1024(n, text):
    assert labels.size_text(n) == text


def test_numbers_have_a_true_minus_and_no_minus_zero():
    assert labels.number_text(-0.514) == "−0.51"
    assert labels.number_text(-0.001) == "0.00"
    assert labels.number_text(math.nan) == labels.ABSENT
    assert labels.number_text(-math.inf) == "−∞"
    assert labels.plus_minus_text(-0.51, -0.54, -0.48) == "−0.51 ± .03"
    assert labels.plus_minus_text(-0.51, -2.0, 0.6) == "−0.51 ± 1.30"
    assert labels.interval_text(-0.51, math.nan, math.nan) == "−0.51"


# ---------------------------------------------------------------- cells


def test_titles_name_only_what_a_reader_needs():
    titles = labels.cell_titles(fake_rates())
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
        "β = ∞, $d_u$ = 1, $d_i$ = 3, depth = 1" in labels.cell_titles(fake_rates(cells)).values()
    )
    risks = fake_risks(DEFAULT_CELLS[:1], sizes=(512,))
    assert list(labels.cell_titles(risks).values()) == ["β = 1/2, d = 1"]
    quiet = risks.assign(cell="quiet", noise_sd=0.3)
    titles = labels.cell_titles(pd.concat([risks, quiet]))
    assert titles["quiet"] == "β = 1/2, d = 1, σ = 0.3"


def test_cells_that_nothing_shown_tells_apart_get_their_id():
    rates = fake_rates((FakeCell(1.0, half=1.0), FakeCell(1.0, half=2.0)))
    titles = labels.cell_titles(rates)
    assert len(set(titles.values())) == 2
    assert all(cell in title for cell, title in titles.items())
    assert set(tables.display_table(rates)["cell"]) == set(titles)


def test_the_order_of_the_rows_does_not_matter():
    rates = fake_rates()
    shuffled = rates.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(tables.display_table(rates), tables.display_table(shuffled))
    assert list(labels.cell_titles(rates)) == list(labels.cell_titles(shuffled))
