"""Lemma 2: the scores of a two-tower network are Lipschitz in its parameters.

Derived for this architecture, since only a summary of the paper is at hand. Let every weight and
bias lie in [−B, B] and covariates in [−1, 1]^D; layer l has n_l inputs (n_1 = D, then the width W),
depth L, and the L+1st layer is linear with p outputs. For parameters θ and θ' of that class at
distance t = max|θ − θ'|, with |·| the largest coordinate and a prime for what θ' gives:

- *Activations.* |z_l| ≤ a_l with a_0 = 1 and a_l = B (n_l a_(l−1) + 1); a ReLU shrinks no bound.
- *Perturbations.* z_l − z_l' = (W_l − W_l') h_(l−1) + W_l' (h_(l−1) − h_(l−1)') + (b_l − b_l')
  and a ReLU is 1-Lipschitz, so |z_l − z_l'| ≤ t δ_l with δ_0 = 0 and
  δ_l = n_l a_(l−1) + 1 + B n_l δ_(l−1).
- *Inner product.* ⟨f, f̃⟩ − ⟨f', f̃'⟩ = ⟨f − f', f̃⟩ + ⟨f', f̃ − f̃'⟩, so |R − R'| ≤ t Λ with
  Λ = p (δ ã + a δ̃), a and δ at the output layer of each tower.

δ_l is the derivative of a_l in B, so Λ = g'(B), where g(B) = p a ã is the score, at covariates of
ones, of the network whose parameters are all B. There the local Lipschitz constant *is* Λ: the
bound is sharp, no smaller constant serves the class. A crude power follows from it: with
N = max(D, W) + 1 and BN ≥ 1, Λ ≤ 2 p (L+1) N (BN)^(2L+1), whose logarithm grows as log W.
Clipping scores to a range is 1-Lipschitz and keeps Λ.

At one pair x the local constant is Σ|∂R/∂θ|, and a step along the sign of the gradient attains it
to first order. Measured ratios are maxima over 32 pairs, so lower bounds of the supremum over x.
"""

import numpy as np
import torch

from twotower.base.errors import ExpectedError
from twotower.lemmas.random_networks import Shape, batches, covariates, draw, filled
from twotower.towers.networks import Towers, activations, scores

LIMIT = 1.0  # B in all measurements; Lemma 1 brings hidden layers there
# A small step: its second-order effect and the rounding of scores both stay below 1e-4 of a ratio.
STEP = 2.0**-16
# Rounding of two scores of deep networks, over STEP.
_ROUNDING = 1e-9
_LARGEST_BOUND = 1e200  # beyond, products of scores and gradients overflow
_CLIMBING_STEPS = 12
_CLIMBING_STEP = LIMIT / 4


def lipschitz_bound(shape: Shape, limit: float) -> float:
    """Λ: |R_θ(x) − R_θ'(x)| ≤ Λ max|θ − θ'| for parameters in [−limit, limit], x in the cube."""
    (user, user_change), (item, item_change) = (
        _tower_bounds(shape.fan_in(dim), limit) for dim in (shape.user_dim, shape.item_dim)
    )
    return shape.embedding_dim * (user_change * item + user * item_change)


def _tower_bounds(fan_in: list[float], limit: float) -> tuple[float, float]:
    """Bounds on a tower's outputs, a, and on their change for a unit change of parameters, δ."""
    size, change = 1.0, 0.0
    for inputs in fan_in:
        size, change = limit * (inputs * size + 1), inputs * size + 1 + limit * inputs * change
    return size, change


def local_constant(towers: Towers, users: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
    """Σ|∂R/∂θ| of every network at every pair: [B, n]."""
    return sum(
        (1 + inputs.abs().sum(2)) * gradient.abs().sum(2)
        for inputs, gradient in layer_gradients(towers, users, items)
    )


def layer_gradients(
    towers: Towers, users: torch.Tensor, items: torch.Tensor
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Inputs [B, n, n_in] of every layer and the score's gradient in its bias, [B, n, n_out].

    One pair's gradient in a weight matrix is their outer product, so autograd is asked for the
    bias's alone, with a copy of the bias for every pair. User layers first.
    """
    copies = Towers(
        *(
            [(w, b.repeat(1, users.shape[1], 1).requires_grad_()) for w, b in tower]
            for tower in (towers.user, towers.item)
        )
    )
    user, item = activations(copies.user, users), activations(copies.item, items)
    biases = [bias for _, bias in copies.user + copies.item]
    gradients = torch.autograd.grad((user[-1] * item[-1]).sum(), biases)
    inputs = [values.detach() for values in user[:-1] + item[:-1]]
    return list(zip(inputs, gradients, strict=True))


def ratio(towers: Towers, other: Towers, users: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
    """Largest |R_θ(x) − R_θ'(x)| over the pairs, over max|θ − θ'|; 0 if θ = θ': [B]."""
    distance = (towers.flat() - other.flat()).abs().amax(1)
    change = (scores(towers, users, items) - scores(other, users, items)).abs().amax(1)
    return torch.where(distance > 0, change / distance, 0.0)


def signed_step(towers: Towers, users: torch.Tensor, items: torch.Tensor) -> Towers:
    """θ' = θ − STEP sign(∂R/∂θ) at each network's worst pair, kept within [−LIMIT, LIMIT]."""
    worst = local_constant(towers, users, items).argmax(1)
    batch = torch.arange(len(worst))
    gradient, _, _ = _gradients(towers, users[batch, worst, None], items[batch, worst, None])
    return towers.unflat((towers.flat() - STEP * gradient.sign()).clamp(-LIMIT, LIMIT))


def climbed(
    towers: Towers, users: torch.Tensor, items: torch.Tensor
) -> tuple[Towers, torch.Tensor, torch.Tensor]:
    """Networks and pairs that climbed the score by signed steps, within their cubes.

    The largest score of the class sits where the Lipschitz constant does. Every network starts
    from its worst pair; one whose units all died stays where it is.

    Returns:
        Towers, users [B, 1, D_u] and items [B, 1, D_i].
    """
    batch = torch.arange(len(users))
    worst = local_constant(towers, users, items).argmax(1)
    users, items = users[batch, worst, None], items[batch, worst, None]
    for _ in range(_CLIMBING_STEPS):
        parameters, user, item = _gradients(towers, users, items)
        rows = towers.flat() + _CLIMBING_STEP * parameters.sign()
        towers = towers.unflat(rows.clamp(-LIMIT, LIMIT))
        users = torch.where(user == 0, users, user.sign())
        items = torch.where(item == 0, items, item.sign())
    return towers, users, items


def drawn_ratio(shape: Shape, count: int, rng: np.random.Generator) -> float:
    """Largest ratio that a signed step attains on `count` networks drawn uniformly."""
    towers = draw(shape, count, LIMIT, rng)
    users, items = covariates(shape, count, rng)
    return float(ratio(towers, signed_step(towers, users, items), users, items).max())


def lemma_2(seed: int, networks: int, depths: list[int], widths: list[int]) -> list[dict]:
    """Try Lemma 2 on random networks: rows of the table of lemmas.

    Each row tells the network of its depth and width that came closest to its bound: B = 1, and
    `ratio` is measured/bound.

    Raises:
        ExpectedError: if the scores of such networks overflow.
    """
    worst: dict[tuple, dict] = {}
    for shape, count, rng in batches(seed, "lemma 2", networks, depths, widths):
        bound = lipschitz_bound(shape, LIMIT)
        if not bound < _LARGEST_BOUND:
            raise ExpectedError(
                f"lemmas: scores of networks of depth {shape.depth} and width {shape.width} "
                "overflow; choose fewer layers or units"
            )
        for case, ratios in _measure(shape, count, rng):
            measured = float(torch.nan_to_num(ratios, nan=torch.inf).max())
            row = {
                "lemma": 2,
                "case": f"{case}, depth {shape.depth}, width {shape.width}",
                "depth": shape.depth,
                "width": shape.width,
                "measured": measured,
                "bound": bound,
                "ratio": measured / bound,
                "passed": measured <= bound * (1 + _ROUNDING),
                "note": f"{shape.user_dim} and {shape.item_dim} covariates, "
                f"{shape.embedding_dim} outputs",
            }
            key = (shape.depth, shape.width, case)
            worst[key] = max(worst.get(key, row), row, key=lambda r: r["ratio"])
    return list(worst.values())


def _measure(shape: Shape, count: int, rng: np.random.Generator):
    """Yield (case, ratios [B]) of one batch."""
    towers = draw(shape, count, LIMIT, rng)
    users, items = covariates(shape, count, rng)
    yield "random pairs", ratio(towers, draw(shape, count, LIMIT, rng), users, items)
    step = draw(shape, count, STEP, rng).flat()
    near = towers.unflat((towers.flat() + step).clamp(-LIMIT, LIMIT))
    yield "small steps", ratio(towers, near, users, items)
    yield "signed gradient", ratio(towers, signed_step(towers, users, items), users, items)
    top = climbed(towers, users, items)
    yield "climbed", ratio(top[0], signed_step(*top), *top[1:])
    ones = (torch.ones(1, 1, dim, dtype=torch.float64) for dim in (shape.user_dim, shape.item_dim))
    yield (
        "all at the limit",
        ratio(filled(shape, 1, LIMIT), filled(shape, 1, LIMIT - STEP), *ones),
    )


def _gradients(
    towers: Towers, users: torch.Tensor, items: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Gradients of the summed scores in parameters [B, S], users and items."""
    leaves = [t.detach().clone().requires_grad_() for t in (towers.flat(), users, items)]
    total = scores(towers.unflat(leaves[0]), leaves[1], leaves[2]).sum()
    return torch.autograd.grad(total, leaves)
