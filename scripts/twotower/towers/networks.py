"""Batches of two-tower networks: ReLU towers, their inner product, loss and gradient.

A batch holds one network per replicate in tensors with a leading axis B. With one thread, batched
matrix products give each network the bits that it gets alone, whatever shares the batch.
"""

from dataclasses import dataclass

import torch

from twotower.base import mapped_pages
from twotower.towers import chunks


@dataclass(frozen=True)
class Towers:
    """Parameters of B networks.

    Attributes:
        user, item: for each tower its layers as pairs (weight [B, n_in, n_out], bias
            [B, 1, n_out]); hidden layers are followed by a ReLU, the last layer is linear with p
            outputs.
    """

    user: list[tuple[torch.Tensor, torch.Tensor]]
    item: list[tuple[torch.Tensor, torch.Tensor]]

    def flat(self) -> torch.Tensor:
        """All parameters as one row per network: [B, n_parameters]."""
        tensors = [t for tower in (self.user, self.item) for layer in tower for t in layer]
        return torch.cat([t.flatten(1) for t in tensors], dim=1)

    def unflat(self, rows: torch.Tensor) -> "Towers":
        """Networks of the same architecture with the parameters of `flat` given as rows."""
        position = 0

        def take(like: torch.Tensor) -> torch.Tensor:
            nonlocal position
            size = like[0].numel()
            piece = rows[:, position : position + size].reshape(-1, *like.shape[1:])
            position += size
            return piece

        return Towers(*([(take(w), take(b)) for w, b in tower] for tower in (self.user, self.item)))


def chunk_rows(width: int, device: torch.device, batch: int = 1) -> int:
    """How many pairs to process at a time; sums run over these chunks."""
    return chunks.rows(width, device.type, batch)


def activations(layers: list, covariates: torch.Tensor) -> list[torch.Tensor]:
    """Inputs of every layer and the output: tensors [B, n, ·], the embedding [B, n, p] last."""
    values = [covariates]
    for index, (weight, bias) in enumerate(layers):
        values.append(torch.baddbmm(bias, values[-1], weight))
        if index < len(layers) - 1:
            values[-1].relu_()
    return values


def embeddings(layers: list, covariates: torch.Tensor) -> torch.Tensor:
    """One tower's outputs [B, n, p] at covariates [B, n, D], computed in chunks of pairs."""
    widest_layer = max(weight.shape[2] for weight, _ in layers)
    rows = chunk_rows(widest_layer, covariates.device, len(covariates))
    return torch.cat([activations(layers, part)[-1] for part in covariates.split(rows, 1)], dim=1)


def scores(towers: Towers, users: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
    """Unclipped R(x_u, x_i) of n pairs: [B, n] from covariates [B, n, D_u] and [B, n, D_i].

    Example:
        >>> linear = [(torch.ones(1, 3, 2), torch.zeros(1, 1, 2))]
        >>> scores(Towers(linear, linear), torch.ones(1, 4, 3), torch.ones(1, 4, 3))
        tensor([[18., 18., 18., 18.]])
    """
    like = towers.user[0][0]
    rows = chunk_rows(widest(towers), users.device, len(users))
    return torch.cat(
        [
            (
                activations(towers.user, users[:, part].to(like))[-1]
                * activations(towers.item, items[:, part].to(like))[-1]
            ).sum(2)
            for part in mapped_pages.parts(rows, users, items)
        ],
        dim=1,
    )


def widest(towers: Towers) -> int:
    """The largest layer's number of units."""
    return max(weight.shape[2] for tower in (towers.user, towers.item) for weight, _ in tower)


def loss_and_gradient(
    towers: Towers, users: torch.Tensor, items: torch.Tensor, ratings: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean squared error of each network and its gradient.

    Written out rather than left to autograd, which keeps every intermediate of every layer; it is
    tested against autograd.

    Args:
        users, items: covariates [B, n, D_u] and [B, n, D_i], of any precision: each chunk is
            brought to that of the towers.
        ratings: [B, n].

    Returns:
        Losses [B] and gradients [B, n_parameters] in the order of `Towers.flat`.

    Example:
        >>> linear, x = [(torch.ones(1, 3, 2), torch.zeros(1, 1, 2))], torch.ones(1, 4, 3)
        >>> loss_and_gradient(Towers(linear, linear), x, x, torch.full((1, 4), 17.0))[0]
        tensor([1.])
    """
    batch, n = ratings.shape
    like = towers.user[0][0]
    rows = chunk_rows(widest(towers), like.device, len(like))
    loss = like.new_zeros(batch)
    gradient = _zeros_like(towers)
    for part in mapped_pages.parts(rows, users, items, ratings):
        user = activations(towers.user, users[:, part].to(like))
        item = activations(towers.item, items[:, part].to(like))
        residual = (user[-1] * item[-1]).sum(2) - ratings[:, part].to(like)
        loss += residual.square().sum(1)
        outer = (2.0 / n) * residual.unsqueeze(2)
        _accumulate(towers.user, gradient.user, user, outer * item[-1])
        _accumulate(towers.item, gradient.item, item, outer * user[-1])
    return loss / n, gradient.flat()


def gradient_of_scores(
    towers: Towers, users: torch.Tensor, items: torch.Tensor, slopes: torch.Tensor
) -> torch.Tensor:
    """Gradient of a loss whose derivatives by the scores of n pairs are `slopes`, [B, n].

    Returns:
        [B, n_parameters] in the order of `Towers.flat`.
    """
    like = towers.user[0][0]
    rows = chunk_rows(widest(towers), like.device, len(like))
    gradient = _zeros_like(towers)
    for part in mapped_pages.parts(rows, users, items):
        user = activations(towers.user, users[:, part].to(like))
        item = activations(towers.item, items[:, part].to(like))
        outer = slopes[:, part, None].to(like)
        _accumulate(towers.user, gradient.user, user, outer * item[-1])
        _accumulate(towers.item, gradient.item, item, outer * user[-1])
    return gradient.flat()


def curvatures(towers: Towers, users: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
    """Mean over pairs of (∂R/∂θ)² for every parameter θ: half the diagonal of the Gauss–Newton
    matrix of the loss, [B, n_parameters] in the order of `Towers.flat`.
    """
    like = towers.user[0][0]
    rows = chunk_rows(widest(towers), like.device, len(like))
    total = _zeros_like(towers)
    for part in mapped_pages.parts(rows, users, items):
        user = activations(towers.user, users[:, part].to(like))
        item = activations(towers.item, items[:, part].to(like))
        _accumulate(towers.user, total.user, user, item[-1], squared=True)
        _accumulate(towers.item, total.item, item, user[-1], squared=True)
    return total.flat() / users.shape[1]


def _zeros_like(towers: Towers) -> Towers:
    return towers.unflat(torch.zeros_like(towers.flat()))


def _accumulate(
    layers: list, totals: list, values: list, upstream: torch.Tensor, squared: bool = False
) -> None:
    """Add the gradients of one tower over a chunk, from that of the embedding, [B, rows, p].

    `squared` adds the squares of each pair's gradient instead.
    """
    for index in range(len(layers) - 1, -1, -1):
        total_weight, total_bias = totals[index]
        inputs, outputs = values[index], upstream
        if squared:
            inputs, outputs = inputs.square(), outputs.square()
        total_weight.baddbmm_(inputs.transpose(1, 2), outputs)
        total_bias += outputs.sum(1, keepdim=True)
        if index:
            upstream = torch.bmm(upstream, layers[index][0].transpose(1, 2))
            # one fused pass instead of a comparison, a conversion and a product
            upstream = torch.ops.aten.threshold_backward(upstream, values[index], 0.0)


def gradient_of_embeddings(
    layers: list, covariates: torch.Tensor, slopes: torch.Tensor
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Gradient of a loss whose derivatives by one tower's outputs at n points are `slopes`.

    Args:
        layers: of one tower.
        covariates: [B, n, D].
        slopes: [B, n, p].

    Returns:
        A pair of tensors for each layer, of the shapes of its weight and bias.
    """
    like = layers[0][0]
    widest_layer = max(weight.shape[2] for weight, _ in layers)
    rows = chunk_rows(widest_layer, like.device, len(like))
    totals = [(torch.zeros_like(weight), torch.zeros_like(bias)) for weight, bias in layers]
    for part in mapped_pages.parts(rows, covariates, slopes):
        values = activations(layers, covariates[:, part].to(like))
        _accumulate(layers, totals, values, slopes[:, part].to(like))
    return totals
