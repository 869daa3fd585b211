"""Hidden layers of random ReLU units whose kinks lie on the data, those kept that span the most."""

import numpy as np
import torch

from twotower.base import mapped_pages
from twotower.kernels import hats, pivots
from twotower.towers.closed_form import limits, products

_ROUNDING = 1.0e-15  # of the largest residual: what is left is no direction


def random_hidden_layers(
    covariates: torch.Tensor, width: int, depth: int, rngs: list
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Hidden layers of random ReLU units whose kinks pass through data points.

    A unit's direction is the difference of two data points, so that it lies along the support
    also where D > d. Several times the wanted number is drawn, and those are kept which together
    span the most, so that kinks spread evenly. Each layer is drawn on the outputs of the one
    before.

    Args:
        covariates: [B, n, D].
        rngs: B random generators, one a network.

    Returns:
        `depth` pairs of weights [B, n_in, width] and biases [B, 1, width].

    Example:
        >>> x = torch.rand(2, 50, 3, dtype=torch.float64)
        >>> layers = random_hidden_layers(x, 8, 2, [np.random.default_rng(b) for b in range(2)])
        >>> [tuple(weight.shape) for weight, _ in layers]
        [(2, 3, 8), (2, 8, 8)]
    """
    batch, n, _ = covariates.shape
    points = min(n, limits.DESIGN_POINTS)
    values = covariates[:, :: n // points][:, :points]  # evenly through a sample that is ordered
    layers = []
    for layer in range(depth):
        shape = (3, max(limits.CANDIDATES_PER_UNIT * width, limits.FEWEST_CANDIDATES))
        chosen = torch.stack([torch.from_numpy(rng.integers(points, size=shape)) for rng in rngs])
        rows = torch.arange(batch, device=values.device)[:, None, None]
        tail, head, kink = values[rows, chosen.to(values.device)].unbind(1)  # [B, C, n_in] each
        direction = torch.nn.functional.normalize(tail - head, dim=2)
        weight = direction.transpose(1, 2)
        bias = -(direction * kink).sum(2).unsqueeze(1)
        if values.shape[2] == 1 and layer == depth - 1 and values.device.type == "cpu":
            kept = _spread_on_a_line(values[..., 0], kink[..., 0], direction[..., 0], width)
        else:
            features = torch.baddbmm(bias, values, weight).relu_()
            kept = _spread(features, width)
            values = features.gather(2, kept[:, None, :].expand(-1, points, -1))
        layers.append(
            (
                weight.gather(2, kept[:, None, :].expand(-1, weight.shape[1], -1)).contiguous(),
                bias.gather(2, kept[:, None, :]),
            )
        )
    mapped_pages.gathered(batch * points)
    return layers


def _spread(features: torch.Tensor, count: int) -> torch.Tensor:
    """Indices [B, count] of features that span the most, of features [B, points, C].

    Pivoted Cholesky of their Gram matrix: each pick is the feature farthest from the span of those
    before it.
    """
    if features.device.type != "cpu":
        return _spread_of_batch(features.transpose(1, 2) @ features, count)
    batch, _, candidates = features.shape
    gram = features.new_zeros(batch, candidates, candidates)
    products.add_lower(gram, features)
    picks = [pivots.spread(one.numpy(), count) for one in products.mirror(gram)]
    return torch.from_numpy(np.stack(picks))


def _spread_of_batch(gram: torch.Tensor, count: int) -> torch.Tensor:
    """[B, count] of Gram matrices [B, C, C], which are overwritten, by few operations a pick."""
    residual = gram.diagonal(dim1=1, dim2=2)
    smallest = (_ROUNDING * residual.amax(dim=1, keepdim=True)).clamp_min(1e-300)
    barred = torch.zeros_like(residual)  # never twice, even where all residuals are 0
    picks = []
    for _ in range(count):
        _, pick = (residual + barred).float().max(dim=1, keepdim=True)  # ties as in `pivots`
        row = gram.gather(1, pick[:, :, None].expand(-1, 1, gram.shape[2]))
        pivot = torch.maximum(residual.gather(1, pick), smallest)
        share = row / pivot[:, :, None]
        gram.baddbmm_(share.transpose(1, 2), row, alpha=-1)
        barred.scatter_(1, pick, -torch.inf)
        picks.append(pick)
    return torch.cat(picks, dim=1)


def _spread_on_a_line(
    points: torch.Tensor, kinks: torch.Tensor, slopes: torch.Tensor, count: int
) -> torch.Tensor:
    """As `_spread`, of units max(slope·(x − kink), 0) [B, C] at points [B, m], in O(C) a pick."""
    picks = []
    for x, kink, slope in zip(points, kinks, slopes, strict=True):
        x, kink = x.contiguous().numpy(), kink.numpy()
        kink = np.ascontiguousarray(kink)
        nodes = np.concatenate([[x.min()], kink, [max(x.max(), x.min() + 1e-9)]])
        order = np.argsort(nodes, kind="stable")
        place = np.empty(len(nodes), np.int64)
        place[order] = np.arange(len(nodes))
        nodes = nodes[order]
        sums = np.zeros((len(nodes) - 1, 3))
        hats.add_moments(x, nodes, *hats.lookup(nodes), sums)
        diagonal = np.append(sums[:, 0], 0.0)
        diagonal[1:] += sums[:, 2]
        slope = np.ascontiguousarray(slope.numpy())
        picks.append(
            pivots.spread_on_a_line(
                kink, slope, nodes, place[1:-1], diagonal, sums[:, 1].copy(), count
            )
        )
    return torch.from_numpy(np.stack(picks))
