"""Rated pairs as other methods see them: identities and covariates of both sides."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Pairs:
    """n pairs of a user and an item.

    Attributes:
        users, items: their identities, any whole numbers, int64 [n].
        user_covariates, item_covariates: float64 [n, D_u] and [n, D_i].
    """

    users: np.ndarray
    items: np.ndarray
    user_covariates: np.ndarray
    item_covariates: np.ndarray

    def __len__(self) -> int:
        return len(self.users)

    def take(self, rows: np.ndarray | slice) -> "Pairs":
        """The pairs in these rows: whole numbers, a mask or a slice."""
        return Pairs(
            self.users[rows],
            self.items[rows],
            self.user_covariates[rows],
            self.item_covariates[rows],
        )

    @property
    def user_rows(self) -> "np.ndarray | Rows":
        """What gives the users' covariates in some rows by `[rows]`, [m, D_u]."""
        return self.user_covariates

    @property
    def item_rows(self) -> "np.ndarray | Rows":
        """What gives the items' covariates in some rows by `[rows]`, [m, D_i]."""
        return self.item_covariates

    def repeats(self) -> bool:
        """Whether any user or any item stands in two pairs."""
        return any(pd.Index(side).has_duplicates for side in (self.users, self.items))


@dataclass(frozen=True)
class Rows:
    """Covariates [n, D] of n ids, which stand in a table once for each user or item.

    Attributes:
        ids: rows of the table, int64 [n].
        table: float64 [m, D].
    """

    ids: np.ndarray
    table: np.ndarray

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        return self.table[self.ids[rows]]


class TablePairs(Pairs):
    """n pairs whose covariates stand in a table a side: they are copied out where asked for.

    Millions of pairs with a hundred covariates would take gigabytes; the tables take little.

    Args:
        users, items: identities, and rows of the tables, int64 [n].
        user_table, item_table: float64 [n_users, D_u] and [n_items, D_i].
    """

    def __init__(
        self, users: np.ndarray, items: np.ndarray, user_table: np.ndarray, item_table: np.ndarray
    ):
        sides = {"users": users, "items": items, "_users": user_table, "_items": item_table}
        for name, value in sides.items():
            object.__setattr__(self, name, value)

    @property
    def user_rows(self) -> Rows:
        """The users' covariates, of which `[rows]` copies some."""
        return Rows(self.users, self._users)

    @property
    def item_rows(self) -> Rows:
        """The items' covariates, of which `[rows]` copies some."""
        return Rows(self.items, self._items)

    @property
    def user_covariates(self) -> np.ndarray:
        """All of the users' covariates, copied: [n, D_u]."""
        return self.user_rows[:]

    @property
    def item_covariates(self) -> np.ndarray:
        """All of the items' covariates, copied: [n, D_i]."""
        return self.item_rows[:]

    def take(self, rows: np.ndarray | slice) -> "TablePairs":
        """The pairs in these rows: whole numbers, a mask or a slice."""
        return TablePairs(self.users[rows], self.items[rows], self._users, self._items)


class Numbering:
    """Identities as whole numbers from 0, in the order of their first appearance.

    So a method that walks through users in this order does not depend on how they were named.
    """

    def __init__(self, identities: np.ndarray):
        self.codes, known = pd.factorize(identities)
        self._known = pd.Index(known)

    def __len__(self) -> int:
        return len(self._known)

    def of(self, identities: np.ndarray) -> np.ndarray:
        """Their numbers [m]; −1 for those who are unknown."""
        return self._known.get_indexer(identities)
