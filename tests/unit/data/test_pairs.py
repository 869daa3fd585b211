"""Pairs whose covariates stand in tables are the same pairs."""

import numpy as np
import pytest

from twotower.data.pairs import Pairs, TablePairs


@pytest.mark.parametrize("rows", [slice(2, 5), np.array([4, 0, 4]), np.arange(6) % 2 == 0])
def test_tables_give_what_copies_hold(rows):
    rng = np.random.default_rng(0)
    users, items = rng.integers(3, size=6), rng.integers(4, size=6)
    tables = rng.standard_normal((3, 2)), rng.standard_normal((4, 5))
    held = Pairs(users, items, tables[0][users], tables[1][items])
    looked_up = TablePairs(users, items, *tables)
    for some, same in ((held, looked_up), (held.take(rows), looked_up.take(rows))):
        assert len(some) == len(same) and some.repeats() == same.repeats()
        for name in Pairs.__annotations__:
            assert (getattr(some, name) == getattr(same, name)).all()
    assert (held.user_rows[rows] == looked_up.user_rows[rows]).all()
    assert (held.item_rows[rows] == looked_up.item_rows[rows]).all()
