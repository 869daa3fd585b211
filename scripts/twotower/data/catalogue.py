"""The catalogue of a design of clicks: its items, their popularity, and their shares of all clicks.

A user u clicks on item i with probability p*(i|u) = q(i) exp(R*(u, i)/τ) / Σ_j q(j) exp(R*(u, j)/τ)
where q is the popularity: how often the item is offered. Popularity follows the item's covariates,
as it does where it follows from what the item is: the j-th most popular item, q ∝ j^−a, is the j-th
highest of a smooth random function of the item's place on the support.
"""

from dataclasses import dataclass, replace

import numpy as np

from twotower.base.seeds import generator
from twotower.data.ratings import draw_side
from twotower.data.supports import coordinate_dim, coordinates_on
from twotower.data.targets import Target
from twotower.theory import kronecker, spectrum
from twotower.theory.fourier import half_space, synthesize

SHARE_USERS = 16_384
"""Users over whom shares of clicks are averaged, spread evenly over their support."""
_POPULAR_WAVES = 2  # largest |k| of the function that orders items by popularity
_CHUNK = 1 << 22  # pairs of a user and an item whose probabilities are held at a time


@dataclass(frozen=True)
class Catalogue:
    """N items of one target.

    Attributes:
        coordinates, covariates: float64 [N, d], [N, D].
        embeddings: true ones, divided by the temperature: ⟨f*, f̃⟩ is R*/τ, [N, p].
        log_popularity: log q, which sums to 1, [N].
        log_share: log of the items' shares m of all clicks, m(i) = E_u p*(i|u), [N].
    """

    coordinates: np.ndarray
    covariates: np.ndarray
    embeddings: np.ndarray
    log_popularity: np.ndarray
    log_share: np.ndarray

    def log_law(self, users: np.ndarray) -> np.ndarray:
        """log p*(i|u) of users given by their true embeddings [m, p]: [m, N]."""
        return log_softmax(users @ self.embeddings.T + self.log_popularity)

    def choose(self, users: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """Items that users [m, p] click on, int64 [m], from uniform numbers [m] in [0, 1)."""
        chosen = np.empty(len(users), dtype=np.int64)
        rows = max(1, _CHUNK // len(self.covariates))
        for start in range(0, len(users), rows):
            part = slice(start, start + rows)
            total = np.cumsum(np.exp(self.log_law(users[part])), axis=1)
            chosen[part] = (total < uniform[part, None] * total[:, -1:]).sum(axis=1)
        return chosen


def draw_catalogue(seed: int, spec: dict, target: Target, replicate: int) -> Catalogue:
    """The catalogue of one replicate: `spec["catalogue"]` items.

    Args:
        seed: the study's seed.
        spec: the cell's data settings, of sampling clicks.
        target: the replicate's.
        replicate: its number.
    """
    place = (seed, spec, target, replicate)
    coordinates, covariates, embeddings = draw_side(*place, "item", spec["catalogue"], "train")
    popularity = _popularity(seed, spec, replicate, coordinates)
    embeddings = embeddings / spec["temperature"]
    items = Catalogue(coordinates, covariates, embeddings, np.log(popularity), np.empty(0))
    return replace(items, log_share=_log_share(spec, target, items))


def draw_catalogues(seed: int, spec: dict, targets: dict[int, Target]) -> dict[int, Catalogue]:
    """The catalogues of several replicates, by their numbers."""
    return {r: draw_catalogue(seed, spec, target, r) for r, target in targets.items()}


def _popularity(seed: int, spec: dict, replicate: int, coordinates: np.ndarray) -> np.ndarray:
    """q [N], decreasing in the order of a smooth random function of the coordinates [N, d]."""
    waves = spectrum.frequencies(coordinates.shape[1], _POPULAR_WAVES)
    waves = waves[half_space(waves)]
    normal = generator(seed, spec, "popularity", replicate).standard_normal((1, len(waves), 2))
    decay = np.square(waves).sum(axis=1)
    heights = synthesize(coordinates, waves, (normal[..., 0] + 1j * normal[..., 1]) / decay)[:, 0]
    place = np.empty(len(heights))
    place[np.argsort(-heights, kind="stable")] = np.arange(1.0, len(heights) + 1.0)
    popularity = place ** -spec["popularity_exponent"]
    return popularity / popularity.sum()


def _log_share(spec: dict, target: Target, items: Catalogue) -> np.ndarray:
    """log m [N], a mean over users who fill their support evenly."""
    uniform = kronecker.points(SHARE_USERS, coordinate_dim(spec, "user"))
    users = target.user.values(coordinates_on(spec, "user", uniform))
    rows = max(1, _CHUNK // len(items.covariates))
    total = np.zeros(len(items.covariates))
    for start in range(0, len(users), rows):
        total += np.exp(items.log_law(users[start : start + rows])).sum(axis=0)
    return np.log(total / total.sum())


def log_shares(items: np.ndarray, count: int) -> np.ndarray:
    """Log of each item's share [count] of clicks on `items` [n], smoothed as (clicks + ½) / (n +
    count / 2): an item that nobody has clicked yet may be clicked.
    """
    clicked = np.bincount(items, minlength=count)
    return np.log(clicked + 0.5) - np.log(len(items) + 0.5 * count)


def log_softmax(scores: np.ndarray) -> np.ndarray:
    """Scores [..., N] minus the logarithm of the sum of their exponentials.

    Example:
        >>> log_softmax(np.zeros((1, 2))).round(4)
        array([[-0.6931, -0.6931]])
    """
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def divergence(log_law: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """KL(p* ‖ p̂) of each user, [m], in nats: of laws log p*, [m, N], and the softmax of logits."""
    return (np.exp(log_law) * (log_law - log_softmax(logits))).sum(axis=1)
