"""How far a fit's law of clicks is from the truth, and how good its lists are, on fresh users.

A fit's scores R̂(u, i) stand for R*/τ; they say that user u clicks on item i with probability
p̂(i|u) ∝ q(i) exp(R̂(u, i)). What is measured:

- the excess log loss E_u KL(p*(·|u) ‖ p̂(·|u)): how much more a click surprises the fit than the
  truth. Its unit, as a risk, is the excess of the law that knows every item's share of clicks and
  nothing of the user, E_u KL(p*(·|u) ‖ m): the risk is 1 where nothing is known of users. Near the
  truth it is half the squared error of the scores, weighted as clicks are, up to a function of the
  user.
- where it stops without the correction for popularity. All items as candidates, and scores without
  log q: the best scores are R*/τ + log q. In-batch candidates: R*/τ − log(m/q), since an item is a
  candidate as often as it is clicked on.
"""

from collections.abc import Iterator

import numpy as np

from twotower.data.catalogue import divergence, log_softmax
from twotower.evaluation import ranking_metrics
from twotower.evaluation.tower_values import Layers, embeddings, fits_in

K = 10
"""Places of a list."""
RANKED_USERS = 512
"""Users for whom lists are made."""
COLUMNS = (
    "excess_log_loss", "told_by_user", "score_error", "recall", "ndcg", "regret", "floor_full",
    "floor_batch",
)  # fmt: skip
"""Of a table of risks of clicks, beside `risks.COLUMNS`. In nats: the excess log loss, and what the
user tells of the click at all. `score_error` is the mean over users of the variance over items of
R̂ − R*/τ. Recall, NDCG and regret are of lists of `K` items by the true R*/τ. Floors are in the unit
of the risk."""


def is_of_clicks(test: dict) -> bool:
    """Whether test data are of clicks."""
    return "catalogue_covariates" in test


def click_risks(tensors: dict[str, np.ndarray], test: dict[str, np.ndarray]) -> Iterator[dict]:
    """A row for each fit of a weight file, its values [B] or single ones.

    Args:
        tensors: as a training job writes them.
        test: of the same replicates, as of `clicks.draw_test`.
    """
    truths = [_Truth(test, replicate) for replicate in range(len(test["user_covariates"]))]
    for n_ratings, start, towers, bound in fits_in(tensors):
        rows = [
            truth.measured(
                _of(towers["user"], replicate, test["user_covariates"]),
                _of(towers["item"], replicate, test["catalogue_covariates"]),
            )
            for replicate, truth in enumerate(truths[: len(bound)])
        ]
        found = {name: np.array([row[name] for row in rows]) for name in rows[0]}
        found["seen_risk"] = np.full(len(rows), np.nan)
        found["training_loss"] = tensors[f"{n_ratings:09d}/{start}/training_loss"]
        width = np.full(len(rows), towers["user"][0][0].shape[2])
        yield {"n_ratings": n_ratings, "start": start, "width": width} | found


def _of(layers: Layers, replicate: int, covariates: np.ndarray) -> np.ndarray:
    own = slice(replicate, replicate + 1)
    return embeddings([(weight[own], bias[own]) for weight, bias in layers], covariates[own])[0]


class _Truth:
    """The law of the clicks of one replicate's fresh users."""

    def __init__(self, test: dict[str, np.ndarray], replicate: int) -> None:
        popularity, share = (
            test[f"catalogue_{name}"][replicate] for name in ("log_popularity", "log_share")
        )
        self.scores = test["user_embeddings"][replicate] @ test["catalogue_embeddings"][replicate].T
        self._popularity = popularity
        self._log_law = log_softmax(self.scores + popularity)
        self._told = divergence(self._log_law, share).mean()
        self._floors = {
            "floor_full": self._excess(self.scores + popularity).mean() / self._told,
            "floor_batch": self._excess(self.scores - share + popularity).mean() / self._told,
        }

    def _excess(self, scores: np.ndarray) -> np.ndarray:
        """KL of the law that scores [m, N] make, in nats, for each user [m]."""
        return divergence(self._log_law, scores + self._popularity)

    def measured(self, users: np.ndarray, items: np.ndarray) -> dict[str, float]:
        """Of fitted embeddings [m, p] and [N, p]."""
        scores = users @ items.T
        excess = self._excess(scores)
        ranked = slice(0, RANKED_USERS)
        lists = ranking_metrics.measures(scores[ranked], self.scores[ranked], K)
        return {
            "risk": excess.mean() / self._told,
            "risk_se": excess.std(ddof=1) / np.sqrt(len(excess)) / self._told,
            "excess_log_loss": excess.mean(),
            "told_by_user": self._told,
            "score_error": (scores - self.scores).var(axis=1).mean(),
            **{name: lists[name].mean() for name in ("recall", "ndcg", "regret")},
            **self._floors,
        }
