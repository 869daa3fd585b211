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

    def repeats(self) -> bool:
        """Whether any user or any item stands in two pairs."""
        return any(pd.Index(side).has_duplicates for side in (self.users, self.items))


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
