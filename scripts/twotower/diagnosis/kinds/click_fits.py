"""Clicks of a batch of splits and seeds as an arm takes them, and how well its fits foresee others.

The item's popularity is taken to be its share of the training clicks, since no log of clicks says
what was offered. What differs between both is a function of the item, and the item tower's own
score can learn it.
"""

import numpy as np
import torch

from twotower.data.catalogue import divergence, log_shares, log_softmax
from twotower.diagnosis.factorial import Towers
from twotower.diagnosis.kinds import shares
from twotower.diagnosis.kinds.rating_fits import Draws, covariates
from twotower.real.ratings import RealRatings
from twotower.towers import networks
from twotower.towers.samples import Clicks, Fit, Sample


class ClickFits:
    """B fits: `sample` is what an arm takes.

    Args:
        rows: int64 [B, n], the training clicks.
        random, shared: from a role to B generators; `shared` gives those of the splits alone.
    """

    def __init__(
        self, data: RealRatings, rows: np.ndarray, towers: Towers, random: Draws, shared: Draws
    ) -> None:
        """Take the clicks, with each item's share of them.

        The towers have one component more, an item's own score. Of the others there are at most as
        many as features of a tower, W units and a constant: more of them can say nothing else.
        """
        self._data, items = data, data.items[rows]
        catalogue = torch.from_numpy(data.item_covariates)
        self._catalogue = catalogue.expand(len(rows), -1, -1).contiguous()
        self._log_shares = np.stack([log_shares(each, len(catalogue)) for each in items])
        pairs = zip(self._log_shares, shared("candidates"), strict=True)
        self._candidates = [shares.candidates(share, rng) for share, rng in pairs]
        share = torch.from_numpy(self._log_shares)
        users, chosen = covariates(data, rows)
        self.sample = Sample(
            users,
            chosen,
            torch.ones(rows.shape, dtype=torch.float64),
            towers.width,
            towers.depth,
            1 + min(towers.rank, towers.width + 1),
            torch.float64,
            random,
            clicks=Clicks(
                torch.from_numpy(items), self._catalogue, share, share, towers.batch_size
            ),
        )

    def measured(
        self, fit: Fit, tests: np.ndarray, fresh: dict[str, np.ndarray] | None
    ) -> dict[str, np.ndarray]:
        """`losses` float32 [B, n_test] of the held-out clicks, `training_error` [B] (the mean loss
        within the batches of the training) and, with `fresh`, `risk` [B]: how much more a click
        surprises the fit than the truth, in nats.
        """
        users, _ = covariates(self._data, tests)
        items = networks.embeddings(fit.towers.item, self._catalogue).numpy()
        of_users = networks.embeddings(fit.towers.user, users).numpy()
        clicked = self._data.items[tests]
        columns = (of_users, items, clicked, self._log_shares, self._candidates)
        losses = [shares.log_losses(*each) for each in zip(*columns, strict=True)]
        found = {
            "losses": np.stack(losses).astype(np.float32),
            "training_error": fit.training_loss.numpy(),
        }
        if fresh is not None:
            everyone = torch.from_numpy(fresh["user_covariates"])
            everyone = everyone.expand(len(tests), -1, -1).contiguous()
            of_users = networks.embeddings(fit.towers.user, everyone).numpy()
            triples = zip(of_users, items, self._log_shares, strict=True)
            truth = log_law(fresh)
            risks = [divergence(truth, f @ g.T + m).mean() for f, g, m in triples]
            found["risk"] = np.array(risks)
        return found


def log_law(fresh: dict[str, np.ndarray]) -> np.ndarray:
    """log p*(i|u) of fresh users, [m, N]."""
    scores = fresh["user_embeddings"] @ fresh["catalogue_embeddings"].T
    return log_softmax(scores + fresh["catalogue_log_popularity"])
