"""How a reader sees cells, sizes and numbers: exact, distinct, in one order."""

import math

import pandas as pd
import pytest

from figure_fakes import PlantedCell, both, planted_frames, planted_study
from twotower.report.tables import texts
from twotower.study import labels


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


def rates_of(*settings: dict) -> pd.DataFrame:
    return planted_frames("any", [PlantedCell(one) for one in settings])[1]


def titles(*settings: dict, **options) -> list[str]:
    return list(labels.cell_titles(rates_of(*settings), **options).values())


def test_titles_name_only_what_a_reader_needs():
    cells = [{"smoothness": 0.5}, both(2), {}, {"ambient_dim": 10, "support": "graph"}]
    assert titles(*cells) == [
        "β = 1/2, d = 1",
        "β = 1, d = 1",
        "β = 1, d = 1, D = 10",
        "β = 1, d = 2",
    ]


@pytest.mark.parametrize(
    ("settings", "title"),
    [
        ({"user_intrinsic_dim": 1, "item_intrinsic_dim": 3}, "β = 1, $d_u$ = 1, $d_i$ = 3"),
        ({"item_smoothness": 2.0, "smoothness": 0.5}, "$β_u$ = 1/2, $β_i$ = 2, d = 1"),
        (both(1.26) | {"support": "dust"}, "β = 1, d = 1.26, dust"),
        (
            {"support": "slab", "ambient_dim": 3, "off_manifold_noise": 0.1},
            "β = 1, d = 1, D = 3, slab, τ = 0.1",
        ),
        ({"noise_sd": 0.3}, "β = 1, d = 1, σ = 0.3"),
        ({"noise": "student"}, "β = 1, d = 1, heavy tails"),
        ({"rating_scale": "stars"}, "β = 1, d = 1, 1–5 stars"),
        (
            {"sampling": "popularity", "catalogue": 4096.0},
            "β = 1, d = 1, popular items, catalogue 4k",
        ),
        ({"control": "permuted_ratings"}, "β = 1, d = 1, permuted ratings"),
        ({"embedding_dim": 4}, "β = 1, d = 1, fitted p = 4"),
        ({"depth": 3, "schedule": "dense"}, "β = 1, d = 1, dense schedule, depth = 3"),
        ({"width_constant": 2.0}, "β = 1, d = 1, c = 2"),
    ],
)
def test_a_setting_is_named_where_it_tells_cells_apart(settings, title):
    assert title in titles({}, settings)
    assert title.split(", ")[:2] == titles(settings)[0].split(", ")[:2]


def test_of_many_differing_settings_what_most_cells_share_goes_unsaid():
    _, rates = planted_study()
    said = labels.cell_titles(rates)
    by_title = {title: cell for cell, title in said.items()}
    assert len(by_title) == len(said)
    assert {"β = 1, d = 1", "β = 1, d = 1, depth = 2", "β = 1, d = 1, full grid"} <= set(by_title)


def test_what_is_left_out_of_titles_can_be_shared():
    cells = [{"depth": depth} for depth in (1, 2)]
    assert titles(*cells, without=("depth",)) == ["β = 1, d = 1"] * 2
    assert labels.shared_settings(rates_of(*cells)) == {
        "smoothness": "β = 1",
        "intrinsic_dim": "d = 1",
    }
    # Without D = 10 the other cell would have no title left.
    assert labels.shared_settings(rates_of({}, {"ambient_dim": 10})) == {}


def test_cells_that_nothing_shown_tells_apart_get_their_id():
    rates = pd.concat([rates_of({}), rates_of({}).assign(cell="other")])
    said = labels.cell_titles(rates)
    assert len(set(said.values())) == 2
    assert said["other"] == "β = 1, d = 1, c = 1, cell other"


def test_the_order_of_the_rows_does_not_matter():
    _, rates = planted_study()
    rates = rates.drop_duplicates(["cell", "arm"])
    shuffled = rates.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(texts.rate_table(rates), texts.rate_table(shuffled))
    assert list(labels.cell_titles(rates)) == list(labels.cell_titles(shuffled))
