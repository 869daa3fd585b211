"""The optimization error of a cell: by losses, at several sizes, over the replicates that tell."""

import math

import pandas as pd
import pytest

from twotower.rates.curves import measured_optimization_error

COLUMNS = ("n_ratings", "start", "replicate", "risk", "training_loss")


def frame(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS).assign(arm="erm")


def cell(n, doubled, oracle, replicate=0):
    """Used risk 0.10 at loss 1.0 beside (risk, loss) of the other starts."""
    return [
        (n, "used", replicate, 0.10, 1.0),
        (n, "doubled", replicate, *doubled),
        (n, "oracle", replicate, *oracle),
    ]


@pytest.mark.parametrize(
    ("doubled", "oracle", "error"),
    [
        ((0.09, 0.9), (0.08, 0.8), 0.2),
        ((0.09, 0.9), (0.12, 0.8), 0.0),  # the best minimum is no nearer the truth
        ((0.09, 0.9), (0.02, 1.1), 0.1),  # nearer the truth, in a worse minimum
        ((0.09, 0.9), (0.02, 1.0), 0.1),
        ((0.12, 0.8), (0.02, 1.1), 0.0),
        ((0.09, math.nan), (0.08, 0.9), math.nan),
    ],
)
def test_only_a_lower_training_loss_shows_an_error(doubled, oracle, error):
    rows = frame(*cell(64, doubled, oracle))
    assert measured_optimization_error(rows, "erm") == pytest.approx(error, nan_ok=True)


def test_each_replicate_counts_its_own_starts():
    """The oracle takes .04 off one of two replicates; a third, without an oracle, is left out."""
    one = cell(64, (0.10, 0.9), (0.06, 0.8))
    other = cell(64, (0.10, 0.9), (0.06, 1.1), replicate=1)
    third = cell(64, (0.01, 0.5), (0.01, 0.5), replicate=2)[:2]
    rows = frame(*one, *other, *third)
    assert measured_optimization_error(rows, "erm") == pytest.approx(0.2)


def test_the_largest_of_the_sizes_kept_counts():
    sizes = {64: (0.05, 0.9), 128: (0.08, 0.9), 256: (0.09, 0.9)}
    rows = frame(*(row for n, best in sizes.items() for row in cell(n, best, (0.2, 0.9))))
    assert measured_optimization_error(rows, "erm") == pytest.approx(0.5)
    assert measured_optimization_error(rows, "erm", rows["n_ratings"] > 64) == pytest.approx(0.2)
    assert math.isnan(measured_optimization_error(rows, "erm", rows["n_ratings"] > 256))
    assert math.isnan(measured_optimization_error(rows, "adam"))
