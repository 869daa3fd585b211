"""The excess log loss due of softmax towers on one target, at their width.

As `minimizer` for ratings: each tower's true embedding is projected on the hidden units that the
fit draws on its users and clicked items, users evenly and items by their shares of clicks. The law
of the projected scores is away from the truth by a Kullback–Leibler divergence A(W), which is
computed, not approximated. What is left to the clicks is a maximum likelihood fit of ν parameters,
which costs ν/(2n) nats (Wilks 1938): a click tells of the log odds what a rating with unit noise
tells of R*. So output layers of M_u = W + 1 and M_i = W functions (an item's constant is the user's
alone, and changes no law) in q components have the errors E_j of `least_squares.errors` under
τ² = 1/n, half of which are nats, and the items' biases have M_i parameters more:

    A(W) + ½ Σ_j E_j + M_i/(2n),   in the unit of `evaluation.click_risks`.

Candidates that are C of all items, the clicked one among them, tell less: near R* = 0 the
information of a click is (C − 1)/C of that of all items (matched controls, Ury 1975), so that
τ² = C/((C − 1) n). Without the correction for popularity scores lack log q or log(m/q), projected
on the item's units: the law of these scores takes the place of that in A(W).
Derived for this project.
"""

from dataclasses import dataclass

import numpy as np
import torch

from twotower.base.seeds import fit_stream
from twotower.data import clicks
from twotower.data.catalogue import Catalogue, divergence, draw_catalogue
from twotower.data.supports import coordinate_dim, coordinates_on
from twotower.data.targets import TOWERS, Target
from twotower.predictions.sizes import CLICK_USERS
from twotower.predictions.targets import least_squares
from twotower.predictions.targets.minimizer import Minimizer
from twotower.study import arms
from twotower.study.settings import data_settings
from twotower.theory import kronecker
from twotower.theory.bound import Theory
from twotower.theory.width import units
from twotower.towers import networks
from twotower.towers.closed_form.hidden_layers import random_hidden_layers
from twotower.towers.closed_form.whitening import whitening_map


def click_minimizer(
    seed: int, cell: dict, arm: str, target: Target, replicate: int, sizes: list[int]
) -> Minimizer:
    """What is due on the target of one replicate, in units of what the user tells of the click.

    Args:
        seed: the study's.
        cell: settings of the cell (`Cell.spec`), of sampling clicks.
        arm: one of `arms.CLICK_ARMS`.
        target: of this replicate.
        replicate: its number.
        sizes: numbers of clicks.
    """
    items = draw_catalogue(seed, data_settings(cell), target, replicate)
    truth = _Truth.of(cell, target, items)
    components = cell.get("embedding_dim", cell["rank"])
    sample = _drawn(seed, cell, target, replicate, items, max(sizes))
    risks, lost, widths = [], [], []
    for n in sizes:
        width = units(cell["width"], Theory.of(cell), n)
        fit = (seed, cell, arm, n, width)
        hidden = [
            random_hidden_layers(
                torch.from_numpy(sample[f"{tower}_covariates"][:, :n]),
                width,
                cell["depth"],
                [fit_stream(*fit, f"{tower}_hidden", replicate)],
            )
            for tower in TOWERS
        ]
        scores, strengths = truth.projected(*hidden, components)
        beyond = truth.excess(scores)
        count = arms.candidates(arm, cell["click_batch"], n)
        noise = 1.0 / n if count is None else count / ((count - 1.0) * n)
        user, item = np.array([width + 1.0]), np.array([float(width)])
        known = least_squares.errors(noise, strengths, user, item).sum() + noise * width
        found = beyond
        if arm in arms.UNCORRECTED:
            found = truth.excess(scores + truth.uncorrected(arm, hidden[1]))
        risks.append((found + known / 2.0) / truth.told)
        lost.append(beyond / truth.told)
        widths.append(width)
    return Minimizer(np.array(risks), np.array(lost), np.array(widths))


def _drawn(
    seed: int, cell: dict, target: Target, replicate: int, items: Catalogue, n: int
) -> dict[str, np.ndarray]:
    """The first n clicks of one replicate on its catalogue, with a leading axis of 1."""
    data = data_settings(cell)
    columns = {name: np.empty(shape) for name, shape in clicks.shapes(data, 1, n).items()}
    clicks.fill(columns, seed, data, {replicate: target}, {replicate: items}, n)
    return columns


@dataclass(frozen=True)
class _Truth:
    """One target's users, evenly spread, and its catalogue.

    Attributes:
        users, items: covariates [m, D_u] and [N, D_i].
        embeddings: true ones of both sides, [m, p] and [N, p].
        popularity, share: logarithms of q and m, [N].
        law: log p*(i|u), [m, N].
        told: what the user tells of the click, in nats.
    """

    users: np.ndarray
    items: np.ndarray
    embeddings: tuple[np.ndarray, np.ndarray]
    popularity: np.ndarray
    share: np.ndarray
    law: np.ndarray
    told: float

    @classmethod
    def of(cls, cell: dict, target: Target, items: Catalogue) -> "_Truth":
        evenly = kronecker.points(CLICK_USERS, coordinate_dim(cell, "user"))
        coordinates = coordinates_on(cell, "user", evenly)
        embedded = target.user.values(coordinates)
        law = items.log_law(embedded)
        return cls(
            target.user.support.covariates(coordinates),
            items.covariates,
            (embedded, items.embeddings),
            items.log_popularity,
            items.log_share,
            law,
            float((np.exp(law) * (law - items.log_share)).sum(axis=1).mean()),
        )

    def excess(self, scores: np.ndarray) -> float:
        """Mean over users of the divergence, in nats, of the law that scores [m, N] make."""
        return float(divergence(self.law, scores + self.popularity).mean())

    def uncorrected(self, arm: str, item_hidden: list) -> np.ndarray:
        """What an arm without the correction adds to the scores of items, as well as their hidden
        units can express it, [N].
        """
        further = self.popularity if arm == arms.SOFTMAX_FULL_RAW else self.popularity - self.share
        return _projected(item_hidden, self.items, further[:, None], np.exp(self.share))[:, 0]

    def projected(
        self, user_hidden: list, item_hidden: list, components: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scores [m, N] of the projected target in so many components, and their energies."""
        share = np.exp(self.share)
        even = np.full(len(self.users), 1.0 / len(self.users))
        user, item = self.embeddings
        user = _projected(user_hidden, self.users, user, even)
        item = _projected(item_hidden, self.items, item, share)
        item = item - share @ item  # what is left of it is a function of the user alone
        left, left_root = _white(user, even)
        right, right_root = _white(item, share)
        turned, singular, back = np.linalg.svd(left_root @ right_root.T)
        kept = slice(0, components)
        scores = (left @ turned[:, kept]) * singular[kept] @ (right @ back.T[:, kept]).T
        strengths = np.zeros(components)
        strengths[: len(singular[kept])] = np.square(singular[kept])
        return scores, strengths


def _projected(
    hidden: list, covariates: np.ndarray, values: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Weighted least squares of values [n, p] on hidden units and a constant: what it gives."""
    units_ = networks.activations(hidden, torch.from_numpy(covariates[None]))[-1].relu_()[0].numpy()
    features = np.concatenate([units_, np.ones((len(units_), 1))], axis=1)
    weighted = features * weights[:, None]
    whitening = whitening_map(torch.from_numpy(weighted.T @ features)[None])[0].numpy()
    white = features @ whitening
    return white @ ((white * weights[:, None]).T @ values)


def _white(values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns [n, p] that are white under weights, and the matrix that brings them back."""
    moment = (values * weights[:, None]).T @ values
    energies, axes = np.linalg.eigh(moment)
    root = np.sqrt(np.maximum(energies, 0.0))
    inverse = np.where(root > 0, 1.0 / np.where(root > 0, root, 1.0), 0.0)
    return values @ (axes * inverse), (axes * root).T
