"""What is read from a retrieval benchmark: fronts and the size from which approximation pays."""

import math

import pandas as pd
import pytest

from twotower.retrieval import figures, tables


def planted(gain_at: float = 4.0, smallest: int = 100) -> pd.DataFrame:
    """Exact search in time ∝ items; lists whose ratio to it is items / 10^gain_at."""
    rows = []
    for items in (smallest, 10_000, 1_000_000):
        exact = 1.0e-8 * items
        ratio = items / 10**gain_at
        shared = {"case": "planted", "items": items, "batch": 1.0, "candidates": 10}
        rows.append(shared | {"kind": "exact", "recall": 1.0, "median": exact, "ratio": 1.0})
        for effort, recall in ((1, 0.5), (4, 0.97), (8, 0.96), (16, 1.0)):
            slower = effort / 4
            rows.append(
                shared
                | {"kind": "ivf", "effort": effort, "recall": recall}
                | {"median": slower * exact / ratio, "ratio": ratio / slower}
            )
    frame = pd.DataFrame(rows)
    return frame.assign(plain_ratio=2 * frame["ratio"])


def test_the_front_leaves_out_what_is_slower_and_no_better():
    rows = planted().query("kind == 'ivf' and items == 10_000")
    assert tables.front(rows)["effort"].tolist() == [1, 4, 16]


@pytest.mark.parametrize("gain_at", [3.0, 4.5])
def test_the_planted_crossing_is_found(gain_at):
    frame = planted(gain_at)
    assert math.isclose(tables.pays_from(frame), 10**gain_at, rel_tol=1e-9)
    assert math.isclose(tables.pays_from(frame, 10), 10 ** (gain_at + 1), rel_tol=1e-9)


def test_a_crossing_outside_the_sizes_is_not_extrapolated():
    early, late = planted(1.0), planted(7.0)
    assert tables.pays_from(early) == 0.0 and math.isinf(tables.pays_from(late))
    assert tables.pays_text(0.0, early["items"]) == "at 100 items already"
    assert tables.pays_text(math.inf, late["items"]) == "not up to 1,000,000 items"
    assert tables.pays_text(6_840.0, late["items"]) == "from 7,000 items"


def test_the_figure_says_where_it_pays():
    fig = figures.retrieval(planted(), 10)
    texts = [text.get_text() for part in fig.subfigs for ax in part.axes for text in ax.texts]
    assert "approximate search pays\nfrom 10,000 items" in texts
