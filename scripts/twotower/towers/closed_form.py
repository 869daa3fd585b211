"""The closed-form start: random ReLU features, a spectral fit, alternating least squares.

Hidden layers get random units whose kinks lie on the data; the output layers are then fitted to
the ratings. Features φ are whitened in float64, the rank-p part of the cross-moment
E[φ(x_u) r φ(x_i)ᵀ] gives first output weights, and alternating ridge regressions of the ratings
on one tower's features, the other tower held fixed, bring them to the least-squares fit.
"""

from collections.abc import Iterable, Iterator

import torch

from twotower.base import mapped_pages
from twotower.towers import chunks
from twotower.towers.networks import Towers, activations, chunk_rows

WHITENING_CUTOFF = 1.0e-11  # of the largest eigenvalue; 1e-7 would lose the high frequencies

_DESIGN_POINTS = 2048  # data points among which kinks and directions are chosen
_CANDIDATES_PER_UNIT = 4
_FEWEST_CANDIDATES = 64


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
    points = min(n, _DESIGN_POINTS)
    values = covariates[:, :: n // points][:, :points]  # evenly through a sample that is ordered
    layers = []
    for _ in range(depth):
        shape = (3, max(_CANDIDATES_PER_UNIT * width, _FEWEST_CANDIDATES))
        chosen = torch.stack([torch.from_numpy(rng.integers(points, size=shape)) for rng in rngs])
        rows = torch.arange(batch, device=values.device)[:, None, None]
        tail, head, kink = values[rows, chosen.to(values.device)].unbind(1)  # [B, C, n_in] each
        direction = torch.nn.functional.normalize(tail - head, dim=2)
        weight = direction.transpose(1, 2)
        bias = -(direction * kink).sum(2).unsqueeze(1)
        features = torch.baddbmm(bias, values, weight).relu_()
        kept = _spread(features.transpose(1, 2) @ features, width)
        layers.append(
            (
                weight.gather(2, kept[:, None, :].expand(-1, weight.shape[1], -1)).contiguous(),
                bias.gather(2, kept[:, None, :]),
            )
        )
        values = features.gather(2, kept[:, None, :].expand(-1, points, -1))
    mapped_pages.gathered(batch * points)
    return layers


def _spread(gram: torch.Tensor, count: int) -> torch.Tensor:
    """Indices [B, count] of features that span the most, from their Gram matrix [B, C, C].

    Pivoted Cholesky: each pick is the feature farthest from the span of those before it.
    """
    batch, candidates, _ = gram.shape
    rows = torch.arange(batch, device=gram.device)
    residual = gram.diagonal(dim1=1, dim2=2).clone()
    factor = gram.new_zeros(batch, count, candidates)
    picks = []
    for index in range(count):
        pick = residual.argmax(dim=1)
        picks.append(pick)
        known = factor[rows, :index, pick].unsqueeze(1)
        column = gram[rows, pick] - torch.bmm(known, factor[:, :index]).squeeze(1)
        factor[:, index] = column / residual[rows, pick].clamp_min(1e-300).sqrt()[:, None]
        residual = (residual - factor[:, index].square()).clamp_min(0.0)
        residual.scatter_(1, torch.stack(picks, dim=1), -1.0)  # never twice, even where all are 0
    return torch.stack(picks, dim=1)


def fit_outputs(
    hidden_user: list,
    hidden_item: list,
    users: torch.Tensor,
    items: torch.Tensor,
    ratings: torch.Tensor,
    rank: int,
    alternations: int,
    ridge: torch.Tensor,
    item_layers: list | None = None,
) -> Towers:
    """Towers with the given hidden layers and least-squares output layers.

    Args:
        hidden_user, hidden_item: hidden layers of B networks.
        users, items, ratings: float64 [B, n, D_u], [B, n, D_i], [B, n].
        rank: p.
        alternations: rounds of alternating least squares.
        ridge: [B], penalty on the whitened output weights.
        item_layers: an item tower whose embeddings to alternate from; by default those of the
            spectral fit.

    Example:
        >>> user, item = (random_hidden_layers(x, 8, 1, [rng]) for x in sample.pairs[:2])
        >>> fit_outputs(user, item, *sample.pairs, 2, 3, torch.tensor([1e-3])).item[-1][0].shape
        torch.Size([1, 8, 2])
    """
    user = Features(hidden_user, users)
    item = Features(hidden_item, items)
    if item_layers is None:
        fixed = item.embeddings(_spectral_start(user, item, ratings, rank))
    else:
        fixed = item.embeddings_by(item_layers)
    item_outputs = None
    for _ in range(alternations):
        if item_outputs is not None:
            fixed = item.embeddings(item_outputs)
        user_outputs = _least_squares(user, fixed, ratings, rank, ridge)
        item_outputs = _least_squares(item, user.embeddings(user_outputs), ratings, rank, ridge)
    user_outputs, item_outputs = _balanced(user_outputs, item_outputs)
    return Towers(
        [*hidden_user, user.output_layer(user_outputs)],
        [*hidden_item, item.output_layer(item_outputs)],
    )


class Features:
    """Last hidden layer plus a constant, recomputed chunk by chunk, and its whitening map.

    Attributes:
        size: M, units of the last hidden layer and the constant.
        whitening: [B, M, M]; features times it have the identity as second moment. Columns of
            directions that the data do not show are 0.

    Args:
        hidden: hidden layers, float64.
        covariates: [B, n, D].
        precision: to which the covariates are rounded first; by default they are not.
    """

    def __init__(
        self, hidden: list, covariates: torch.Tensor, precision: torch.dtype = torch.float64
    ):
        self.hidden, self.covariates, self.precision = hidden, covariates, precision
        self.size = hidden[-1][0].shape[2] + 1
        batch, self.n, _ = covariates.shape
        self.rows = chunk_rows(self.size, hidden[0][0].device)
        gram = hidden[0][0].new_zeros(batch, self.size, self.size)
        for _, phi in self.chunks():
            gram.baddbmm_(phi.transpose(1, 2), phi)
        gram /= self.n
        scale = gram.diagonal(dim1=1, dim2=2).sqrt()
        scale = torch.where(scale > 0, scale, torch.ones_like(scale))
        values, vectors = torch.linalg.eigh(gram / scale[:, :, None] / scale[:, None, :])
        kept = values > WHITENING_CUTOFF * values[:, -1:]
        inverse_root = torch.where(kept, values, torch.ones_like(values)).rsqrt() * kept
        self.whitening = vectors * inverse_root[:, None, :] / scale[:, :, None]

    def chunks(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Slices of the pairs and the features there, [B, rows, size]."""
        for part in mapped_pages.parts(self.rows, self.covariates):
            values = self.covariates[:, part].to(self.precision).to(self.hidden[0][0])
            for weight, bias in self.hidden:
                values = torch.baddbmm(bias, values, weight).relu_()
            ones = values.new_ones(*values.shape[:2], 1)
            yield part, torch.cat([values, ones], dim=2)

    def output_layer(self, outputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight and bias of the output layer from weights on whitened features, [B, M, p]."""
        raw = self.whitening @ outputs
        return raw[:, :-1].contiguous(), raw[:, -1:].contiguous()

    def embeddings(self, outputs: torch.Tensor) -> Iterator[torch.Tensor]:
        """The tower's outputs at all pairs, chunk by chunk: [B, rows, p] each."""
        raw = self.whitening @ outputs
        for _, phi in self.chunks():
            yield phi @ raw

    def embeddings_by(self, layers: list) -> Iterator[torch.Tensor]:
        """As `embeddings`, of another tower with the same covariates."""
        # in long stretches: each chunk by itself would change the last bits of older results
        rows = self.rows * -(-chunks.STRETCH // self.rows)
        for part in mapped_pages.parts(rows, self.covariates):
            values = self.covariates[:, part].to(layers[0][0])
            yield from activations(layers, values)[-1].split(self.rows, dim=1)


def _spectral_start(
    user: Features, item: Features, ratings: torch.Tensor, rank: int
) -> torch.Tensor:
    """Item output weights [B, M, p]: leading right singular vectors of the cross-moment."""
    cross = user.whitening.new_zeros(len(ratings), user.size, item.size)
    for (part, phi_user), (_, phi_item) in zip(user.chunks(), item.chunks(), strict=True):
        rated = phi_user * ratings[:, part, None].to(phi_user)
        cross.baddbmm_(rated.transpose(1, 2), phi_item)
    cross = user.whitening.transpose(1, 2) @ (cross / user.n) @ item.whitening
    _, singular, right = torch.linalg.svd(cross, full_matrices=False)
    return right[:, :rank].transpose(1, 2) * singular[:, None, :rank].sqrt()


def _least_squares(
    tower: Features,
    fixed: Iterable[torch.Tensor],
    ratings: torch.Tensor,
    rank: int,
    ridge: torch.Tensor,
) -> torch.Tensor:
    """Output weights [B, M, p] of one tower that minimize the ridge loss.

    `fixed` gives the other tower's embeddings [B, rows, p] in the chunks of `tower`.
    """
    batch, size = len(ratings), tower.size
    normal = tower.whitening.new_zeros(batch, rank, size, rank, size)
    right = tower.whitening.new_zeros(batch, rank, size)
    for (part, phi), other in zip(tower.chunks(), fixed, strict=True):
        rated = ratings[:, part, None].to(phi)
        weighted = [phi * other[..., r, None] for r in range(rank)]
        for r in range(rank):
            right[:, r] += torch.bmm(weighted[r].transpose(1, 2), rated)[..., 0]
            for s in range(r + 1):
                block = torch.bmm(weighted[r].transpose(1, 2), weighted[s])
                normal[:, r, :, s] += block
                if s < r:
                    normal[:, s, :, r] += block.transpose(1, 2)
    # plain batched products throughout: broadcast ones differ in their last bits with the batch
    right = torch.bmm(right / tower.n, tower.whitening)
    whitening = tower.whitening.repeat_interleave(rank * rank, dim=0)
    normal = normal.permute(0, 1, 3, 2, 4).reshape(-1, size, size) / tower.n
    normal = torch.bmm(torch.bmm(whitening.transpose(1, 2), normal), whitening)
    normal = normal.reshape(batch, rank, rank, size, size).permute(0, 1, 3, 2, 4)
    normal = normal.reshape(batch, rank * size, rank * size)
    normal.diagonal(dim1=1, dim2=2).add_(ridge[:, None])
    solution = torch.linalg.solve(normal, right.reshape(batch, rank * size, 1))
    return solution.reshape(batch, rank, size).transpose(1, 2).contiguous()


def _balanced(user_outputs: torch.Tensor, item_outputs: torch.Tensor):
    """The same product with both towers' outputs of equal second moment.

    ⟨f, f̃⟩ is unchanged by f → Af, f̃ → A^(−T)f̃; singular vectors scaled by the roots of the
    singular values make the two sides alike.
    """
    q_user, r_user = torch.linalg.qr(user_outputs)
    q_item, r_item = torch.linalg.qr(item_outputs)
    left, singular, right = torch.linalg.svd(r_user @ r_item.transpose(1, 2))
    root = singular[:, None, :].sqrt()
    return q_user @ left * root, q_item @ right.transpose(1, 2) * root
