"""Features at every pair, chunk by chunk, and sums of their products over all pairs."""

from collections.abc import Callable, Iterable, Iterator

import torch

from twotower.base import mapped_pages
from twotower.towers.closed_form import products
from twotower.towers.closed_form.limits import ELEMENTS, FEWEST_ROWS, KEPT_BYTES
from twotower.towers.closed_form.whitening import whitening_map


def chunk_rows(size: int, device: torch.device, batch: int) -> int:
    """Pairs in a chunk for so many features.

    On a CPU sums may not depend on the batch; a card must hold the chunks of all its networks.
    """
    networks = batch if device.type == "cuda" else 1
    return max(FEWEST_ROWS, ELEMENTS[device.type] // (size * networks))


class Dense:
    """The last hidden layer plus a constant at all pairs, and their whitening map.

    Attributes:
        size: M, units of the last hidden layer and the constant.
        rows: pairs in a chunk.
        whitening: [B, M, M], see `whitening_map`.

    Args:
        hidden, covariates, precision, keep: as of `features.features`.
    """

    def __init__(self, hidden: list, covariates: torch.Tensor, precision: torch.dtype, keep: bool):
        self.covariates, self.precision = covariates, precision
        self.layers = [_with_constant(weight, bias) for weight, bias in hidden]
        self.size = self.layers[-1].shape[2]
        batch, self.n, _ = covariates.shape
        device = covariates.device
        self.rows = chunk_rows(self.size, device, batch)
        self._keep = keep and 8 * batch * self.n * self.size <= KEPT_BYTES[device.type] // 2
        self._kept: list[tuple[slice, torch.Tensor]] = []
        gram = self.layers[0].new_zeros(batch, self.size, self.size)
        for _, phi in self.chunks():
            products.add_lower(gram, phi)
        self.whitening = whitening_map(products.mirror(gram) / self.n)

    def chunks(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Slices of the pairs and the features there, [B, rows, M]."""
        if self._kept:
            yield from self._kept
            return
        made = []
        for part in mapped_pages.parts(self.rows, self.covariates):
            phi = self._at(part)
            if self._keep:
                made.append((part, phi))
            yield part, phi
        self._kept = made

    def _at(self, part: slice) -> torch.Tensor:
        values = self.covariates[:, part].to(self.precision).to(self.layers[0])
        values = torch.cat([values, values.new_ones(*values.shape[:2], 1)], dim=2)
        for layer in self.layers:
            values = torch.bmm(values, layer).relu_()
        return values

    def embeddings(self, raw: torch.Tensor) -> Iterator[torch.Tensor]:
        """The tower's outputs at all pairs by weights [B, M, p] on the features themselves, chunk
        by chunk: [B, rows, p] each.
        """
        for _, phi in self.chunks():
            yield products.outputs(phi, raw)

    def equations(
        self, fixed: Callable[[], Iterable[torch.Tensor]], ratings: torch.Tensor, whole: bool
    ) -> "DenseEquations":
        """Normal equations of the fit of ratings by this tower, the other held fixed.

        Args:
            fixed: gives the other tower's embeddings [B, rows, p] in the chunks of this one.
            ratings: [B, n].
            whole: whether their matrix is asked for.
        """
        return DenseEquations(self, fixed, ratings, whole)


def _with_constant(weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """A layer [B, n_in + 1, n_out + 1] that takes a constant as its last input, and hands it on."""
    above = torch.cat([weight, torch.zeros_like(weight[..., :1])], dim=2)
    below = torch.cat([bias, torch.ones_like(bias[..., :1])], dim=2)
    return torch.cat([above, below], dim=1)


class DenseEquations:
    """Normal equations on whitened features, divided by n.

    Attributes:
        right: right-hand side [B, M, p].
        moment: second moment of the other tower's embeddings, [B, p, p].
    """

    def __init__(self, tower: Dense, fixed: Callable, ratings: torch.Tensor, whole: bool):
        self._tower, self._fixed = tower, fixed
        self._normal = None
        right, moment = None, None
        for (part, phi), other in zip(tower.chunks(), fixed(), strict=True):
            batch, rows, rank = other.shape
            if right is None:
                right = phi.new_zeros(batch, rank, tower.size)
                moment = phi.new_zeros(batch, rank, rank)
                if whole:
                    width = rank * tower.size
                    self._normal = phi.new_zeros(batch, width, width)
            rated = other * ratings[:, part, None].to(phi)
            products.add_product(right, rated.transpose(1, 2), phi)
            products.add_product(moment, other.transpose(1, 2), other)
            if whole:
                stacked = (other[..., None] * phi[:, :, None, :]).reshape(batch, rows, -1)
                products.add_lower(self._normal, stacked)
        self.right = products.product(right / tower.n, tower.whitening).mT.contiguous()
        self.moment = moment / tower.n

    def matrix(self) -> torch.Tensor:
        """The matrix [B, p·M, p·M]; features are the inner index."""
        tower = self._tower
        batch, size = len(self._normal), tower.size
        rank = self._normal.shape[1] // size
        normal = products.mirror(self._normal) / tower.n
        # plain batched products: broadcast ones differ in their last bits with the batch
        normal = normal.reshape(batch, rank, size, rank, size).transpose(2, 3)
        normal = normal.reshape(-1, size, size)
        whitening = tower.whitening.repeat_interleave(rank * rank, dim=0)
        normal = torch.bmm(torch.bmm(whitening.transpose(1, 2), normal), whitening)
        normal = normal.reshape(batch, rank, rank, size, size).transpose(2, 3)
        return normal.reshape(batch, rank * size, rank * size)

    def times(self, outputs: torch.Tensor) -> torch.Tensor:
        """The matrix times outputs [B, M, p], without the matrix."""
        tower = self._tower
        raw = products.product(tower.whitening, outputs)
        total = raw.new_zeros(len(raw), raw.shape[2], tower.size)
        for (_, phi), other in zip(tower.chunks(), self._fixed(), strict=True):
            scores = (products.outputs(phi, raw) * other).sum(2, keepdim=True)
            products.add_product(total, (scores * other).transpose(1, 2), phi)
        return products.product(total / tower.n, tower.whitening).mT.contiguous()
