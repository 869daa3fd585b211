"""The mean squared error of a batch of networks as a function of their parameters, fast.

On the CPU compiled loops compute it in one pass over the pairs: `kernels.fused` for towers with one
hidden layer, `kernels.deep` for others. A full batch of pairs with one covariate a side is taken
in order (`kernels.sorted_pairs`). Wide layers, and every card, take the matrix products of
`networks`, the reference that the loops are tested against.
"""

from collections.abc import Iterator

import numpy as np
import torch

from twotower.base import mapped_pages
from twotower.kernels import deep, fused, limits, sorted_pairs
from twotower.towers import chunks, networks
from twotower.towers.networks import Towers


def loop_sizes(
    like: Towers, users: torch.Tensor, items: torch.Tensor
) -> tuple[int, int, int] | None:
    """Covariates of both sides and components, where `kernels.fused` serves the towers, else None.

    Args:
        users, items: covariates [..., D_u] and [..., D_i] on the towers' device.
    """
    sizes = (users.shape[-1], items.shape[-1], like.user[-1][0].shape[2])
    is_shallow = users.device.type == "cpu" and len(like.user) == len(like.item) == 2
    is_small = max(sizes[:2]) <= limits.MOST_COVARIATES and sizes[2] <= limits.MOST_COMPONENTS
    return sizes if is_shallow and is_small else None


def _is_deep(like: Towers, users: torch.Tensor, items: torch.Tensor) -> bool:
    """Whether `kernels.deep` serves the towers."""
    largest = max(networks.widest(like), users.shape[-1], items.shape[-1])
    return users.device.type == "cpu" and len(like.user) > 1 and largest <= limits.MOST_DEEP_UNITS


class SquaredError:
    """Mean squared errors on n pairs, their gradients, and curvatures.

    Attributes:
        users, items: covariates [B, n, D_u] and [B, n, D_i], of any precision: they are brought to
            that of the towers.

    Example:
        >>> linear, x = [(torch.ones(1, 3, 2), torch.zeros(1, 1, 2))], torch.ones(1, 4, 3)
        >>> towers = Towers(linear, linear)
        >>> SquaredError(towers, x, x, torch.full((1, 4), 17.0))(towers.flat())[0]
        tensor([1.])
    """

    def __init__(
        self,
        like: Towers,
        users: torch.Tensor,
        items: torch.Tensor,
        ratings: torch.Tensor,
        sorts: bool = True,
    ) -> None:
        """Take ratings [B, n]; `like` tells the architecture, precision and device.

        Args:
            sorts: whether the pairs may be sorted first, which pays from a few evaluations on.
        """
        self.users, self.items, self._ratings, self._like = users, items, ratings, like
        self._dtype = like.user[0][0].dtype
        self._rank = like.user[-1][0].shape[2]
        self._sizes = loop_sizes(like, users, items)
        self._is_deep = self._sizes is None and _is_deep(like, users, items)
        self._sorted, self._whole = None, None
        if self._sizes is None and not self._is_deep:
            return
        is_small = ratings.shape[1] <= limits.MOST_PAIRS
        if sorts and is_small and self._sizes and self._sizes[:2] == (1, 1):
            columns = (users[..., 0], items[..., 0], ratings)
            rounded = [column.to(self._dtype).double().numpy() for column in columns]
            self._sorted = sorted_pairs.SortedPairs(*rounded)
        elif ratings.shape[1] <= chunks.STRETCH:
            self._whole = self._part(slice(None))

    def __call__(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Losses [B], and gradients, at parameters [B, n_parameters] ordered as `Towers.flat`."""
        if self._sorted is not None:
            found = self._sorted.squared_error(rows.double().numpy(), self._rank)
            return tuple(torch.from_numpy(each).to(self._dtype) for each in found)
        if self._sizes is not None or self._is_deep:
            return self._passed(rows, False)
        towers = self._like.unflat(rows)
        return networks.loss_and_gradient(towers, self.users, self.items, self._ratings)

    def curvatures(self, rows: torch.Tensor) -> torch.Tensor:
        """As `networks.curvatures`, at parameters [B, n_parameters]: the same shape."""
        if self._sorted is not None:
            found = self._sorted.curvatures(rows.double().numpy(), self._rank)
            return torch.from_numpy(found).to(self._dtype)
        if self._sizes is not None or self._is_deep:
            return self._passed(rows, True)[1] / self._ratings.shape[1]
        return networks.curvatures(self._like.unflat(rows), self.users, self.items)

    def _passed(self, rows: torch.Tensor, is_squared: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """Losses and gradients, or sums of squares, by one pass over the pairs."""
        rows = rows.contiguous()
        losses, gradients = rows.new_zeros(len(rows)), torch.zeros_like(rows)
        out = self._ratings.shape[1], losses.numpy(), gradients.numpy()
        shape = len(self._like.user) - 1, self._like.user[0][0].shape[2], self._rank
        for part in self._parts():
            if self._is_deep:
                deep.added(*part, rows.numpy(), shape, is_squared, *out)
            else:
                kernel = fused.curvatures if is_squared else fused.squared_error
                kernel(*self._sizes)(*part, rows.numpy(), *out)
        return losses, gradients

    def _parts(self) -> Iterator[list[np.ndarray]]:
        if self._whole is not None:
            yield self._whole
            return
        columns = (self.users, self.items, self._ratings)
        for part in mapped_pages.parts(chunks.STRETCH, *columns):
            yield self._part(part)

    def _part(self, part: slice) -> list[np.ndarray]:
        columns = (self.users, self.items, self._ratings)
        return [column[:, part].to(self._dtype).contiguous().numpy() for column in columns]
