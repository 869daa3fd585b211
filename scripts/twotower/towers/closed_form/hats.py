"""Features of one covariate: piecewise linear, so that sums over pairs need few numbers.

A hidden unit of one covariate is linear between the sorted kinks of all units. A sum over pairs of
products of features follows from sums of products of neighbouring hat functions at the kinks:
O(n) for all features together, where `dense.Dense` takes O(n M²). The results are the same but
for rounding.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch

from twotower.base import mapped_pages
from twotower.kernels import hats as kernels
from twotower.towers import chunks
from twotower.towers.closed_form import products
from twotower.towers.closed_form.whitening import whitening_map


class Hats:
    """As `dense.Dense`, by the features' values at K = M + 1 nodes: kinks and the range's ends.

    Attributes:
        at_nodes: whitened features at the nodes, [B, K, M].
        nodes: [B, K], sorted; kinks outside of the range stand at its ends.
    """

    @staticmethod
    def serve(hidden: list, covariates: torch.Tensor) -> bool:
        """Whether these features are piecewise linear in one covariate, and on a CPU."""
        return len(hidden) == 1 and covariates.shape[2] == 1 and covariates.device.type == "cpu"

    def __init__(self, hidden: list, covariates: torch.Tensor, precision: torch.dtype):
        [(weight, bias)] = hidden
        self.covariates, self.precision = covariates, precision
        self.size = weight.shape[2] + 1
        self.batch, self.n, _ = covariates.shape
        self.rows = chunks.STRETCH
        ends = [x.aminmax(dim=1) for _, x in self._parts(chunks.STRETCH)]
        low = torch.stack([end.min for end in ends]).amin(dim=0)[:, None]
        high = torch.stack([end.max for end in ends]).amax(dim=0)[:, None]
        high = torch.where(high > low, high, low + low.abs().clamp_min(1.0))  # all points equal
        weight, bias = weight[:, 0], bias[:, 0]
        kinks = torch.where(weight == 0, low, -bias / weight)
        kinks = torch.minimum(torch.maximum(kinks, low), high)
        self.nodes = torch.cat([low, kinks, high], dim=1).sort(dim=1).values
        self._places = [
            (nodes, *kernels.lookup(nodes)) for nodes in (row.numpy() for row in self.nodes)
        ]
        units = torch.addcmul(bias[:, None], self.nodes[:, :, None], weight[:, None]).relu_()
        values = torch.cat([units, torch.ones_like(units[:, :, :1])], dim=2)
        sums = np.zeros((self.batch, self.size, 3))
        for _, x in self._parts(chunks.STRETCH):
            for b, points in enumerate(x):
                kernels.add_moments(points.numpy(), *self._places[b], sums[b])
        gram = values.transpose(1, 2) @ _pushed(torch.from_numpy(sums), values)
        self.whitening = whitening_map(gram / self.n)
        self.values, self.at_nodes = values, values @ self.whitening

    def _parts(self, rows: int) -> Iterator[tuple[slice, torch.Tensor]]:
        """Slices of the pairs and the covariate there, [B, rows]."""
        for part in mapped_pages.parts(rows, self.covariates):
            x = self.covariates[:, part, 0].to(self.precision).double()
            yield part, x if x.stride(1) == 1 else x.contiguous()

    def chunks(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Slices of the pairs and the features there, [B, rows, M], for a dense other tower."""
        for part, x in self._parts(self.rows):
            yield part, self._interpolated(x, self.values)

    def _interpolated(self, x: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        values = values.contiguous()
        out = torch.empty(*x.shape, values.shape[2], dtype=torch.float64)
        for b, points in enumerate(x):
            place = (points.numpy(), *self._places[b])
            kernels.interpolate(*place, values[b].numpy(), out[b].numpy())
        return out

    def embeddings(self, raw: torch.Tensor) -> Iterator[torch.Tensor]:
        """The tower's outputs at all pairs by weights [B, M, p] on the features themselves, chunk
        by chunk: [B, rows, p] each.
        """
        at_nodes = products.product(self.values, raw)
        for _, x in self._parts(self.rows):
            yield self._interpolated(x, at_nodes)

    def cross(self, other: "Hats", ratings: torch.Tensor) -> torch.Tensor:
        """Σ rating · hat_k(x) · hat_l(x') over pairs, with the other tower's x': [B, K, K']."""
        sums = torch.zeros(self.batch, self.nodes.shape[1], other.nodes.shape[1]).double()
        parts = zip(self._parts(self.rows), other._parts(self.rows), strict=True)
        for (part, x), (_, x2) in parts:
            rated = ratings[:, part].double()
            for b, total in enumerate(sums):
                here = (x[b].numpy(), *self._places[b])
                there = (x2[b].numpy(), *other._places[b])
                weights = rated[b].contiguous().numpy()
                kernels.add_cross(*here, *there, weights, total.numpy())
        return sums

    def equations(
        self, fixed: Callable[[], Iterable[torch.Tensor]], ratings: torch.Tensor, whole: bool
    ) -> "HatEquations":
        """As of `dense.Dense`; the matrix can be had in any case."""
        sums = None
        for (part, x), embedded in zip(self._parts(self.rows), fixed(), strict=True):
            rank = embedded.shape[2]
            if sums is None:
                terms = 3 * rank * (rank + 1) // 2 + 2 * rank
                sums = torch.zeros(self.batch, self.size, terms, dtype=torch.float64)
            rated = ratings[:, part].double()
            for b, total in enumerate(sums):
                place = (x[b].numpy(), *self._places[b])
                given = (embedded[b].contiguous().numpy(), rated[b].contiguous().numpy())
                kernels.add_equations(*place, *given, total.numpy())
        return HatEquations(self.at_nodes, sums / self.n, rank)


class HatEquations:
    """As `dense.DenseEquations`, from the sums of `kernels.hats.add_equations` over n."""

    def __init__(self, at_nodes: torch.Tensor, sums: torch.Tensor, rank: int):
        self._at_nodes, self._rank = at_nodes, rank
        pairs = rank * (rank + 1) // 2
        batch, intervals, _ = sums.shape
        moments = sums[..., : 3 * pairs].reshape(batch, intervals, pairs, 3)
        self._moments = moments.permute(2, 0, 1, 3)
        rated = sums[..., 3 * pairs :].reshape(batch, intervals, rank, 2)
        right = sums.new_zeros(batch, intervals + 1, rank)
        right[:, :-1] += rated[..., 0]
        right[:, 1:] += rated[..., 1]
        self.right = products.product(at_nodes.transpose(1, 2), right)
        weights = moments.sum(1) @ moments.new_tensor([1.0, 2.0, 1.0])  # (1 − a + a)² = 1
        self.moment = sums.new_empty(batch, rank, rank)
        for index, (r, s) in enumerate(self._pairs()):
            self.moment[:, r, s] = self.moment[:, s, r] = weights[:, index]

    def _pairs(self) -> Iterator[tuple[int, int]]:
        return ((r, s) for r in range(self._rank) for s in range(r + 1))

    def matrix(self) -> torch.Tensor:
        """The matrix [B, p·M, p·M]; features are the inner index."""
        batch, _, size = self._at_nodes.shape
        rank = self._rank
        normal = self._at_nodes.new_empty(batch, rank, size, rank, size)
        for moments, (r, s) in zip(self._moments, self._pairs(), strict=True):
            block = self._at_nodes.transpose(1, 2) @ _pushed(moments, self._at_nodes)
            normal[:, r, :, s], normal[:, s, :, r] = block, block.transpose(1, 2)
        return normal.reshape(batch, rank * size, rank * size)


def _pushed(moments: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Σ over points of hat_k(x) f(x), [B, K, c], for functions with values [B, K, c] at the nodes,
    from the moments [B, K − 1, 3] of `kernels.hats.add_moments`.
    """
    first, mixed, last = moments.unsqueeze(3).unbind(2)
    total = torch.zeros_like(values)
    total[:, :-1] += first * values[:, :-1] + mixed * values[:, 1:]
    total[:, 1:] += mixed * values[:, :-1] + last * values[:, 1:]
    return total
