"""Log losses of clicks by the items' shares of clicks and by fitted scores.

The law is p(i | u) = m(i) exp(s(u, i)) / Σ_j m(j) exp(s(u, j)), with m an item's share of the
training clicks. Scores of 0 say that the user does not matter.
"""

import numpy as np

MOST_CANDIDATES = 4096
"""Items that the sum over the catalogue is computed of; of more it is estimated."""
_ENTRIES = 1 << 21  # scores that are held at a time


def candidates(log_share: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """`MOST_CANDIDATES` items drawn by their shares, with replacement; None of fewer items."""
    if len(log_share) <= MOST_CANDIDATES:
        return None
    total = np.cumsum(np.exp(log_share))
    drawn = np.searchsorted(total, rng.random(MOST_CANDIDATES) * total[-1], side="right")
    return np.minimum(drawn, len(log_share) - 1)


def log_losses(
    users: np.ndarray,
    items: np.ndarray,
    clicked: np.ndarray,
    log_share: np.ndarray,
    drawn: np.ndarray | None = None,
) -> np.ndarray:
    """−log p(c | u) in nats, float64 [n].

    With drawn candidates k the sum over the catalogue is m(c) exp(s(u, c)) for the clicked item,
    which is there with certainty, and for all others (1 − m(c)) times the mean of exp(s(u, k))
    over the candidates that are not c: an estimate without bias of the sum, and of the loss with
    one that falls as 1 over their number.

    Args:
        users: embeddings [n, p] of the users of the clicks.
        items: embeddings [N, p] of the catalogue.
        clicked: int64 [n], the items that were clicked.
        log_share: [N].
        drawn: as `candidates` gives them.

    Example:
        >>> scores = np.zeros((1, 1)), np.zeros((2, 1)), np.array([1])
        >>> log_losses(*scores, np.log([0.75, 0.25])).round(4)  # log 4
        array([1.3863])
    """
    found = np.empty(len(users))
    others = items if drawn is None else items[drawn]
    times = None if drawn is None else np.bincount(drawn, minlength=len(items))
    rows = max(1, _ENTRIES // len(others))
    for start in range(0, len(users), rows):
        part = slice(start, start + rows)
        chosen = clicked[part]
        own = (users[part] * items[chosen]).sum(axis=1) + log_share[chosen]
        scores = users[part] @ others.T
        if drawn is None:
            scores += log_share
        top = np.maximum(scores.max(axis=1), own)
        total = np.exp(scores - top[:, None]).sum(axis=1)
        if drawn is not None:
            share = np.exp(log_share[chosen])
            of_own = np.exp(own - log_share[chosen] - top) * times[chosen]
            rest = np.maximum(total - of_own, 0.0) / np.maximum(len(drawn) - times[chosen], 1)
            total = np.exp(own - top) + (1.0 - share) * rest
        found[part] = top + np.log(total) - own
    return found
