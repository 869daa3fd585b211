"""Losses of a click as functions of the embeddings of users and items.

With s_i = ⟨f(u), f̃(i)⟩ the score of item i for the user u who has clicked c, popularity q and the
share m of an item among all clicks, the loss of a click is for kind

- `full`: −log [exp(s_c + o_c) / Σ_i exp(s_i + o_i)] over the whole catalogue. Corrected, o = log q.
- `batch`: the same over the clicks of a batch, an item as often as it was clicked there. Corrected,
  o = log q − log m: which of these clicks is the user's own, if all others fall as m says? So the
  scores of least expected loss are the true ones for batches of any size.
- `apart`: −log [q_c exp(s_c) / (q_c exp(s_c) + Ŝ)], with Ŝ = (1 − m_c) / k Σ_j (q_j / m_j) exp(s_j)
  over the k clicks j of the batch on other items: an estimate of what all other items add to the
  sum. The chosen item is there with certainty and is not counted as sampled (Khrylchenko et al.,
  RecSys 2025, arXiv:2507.09331). There a weight 1 − P(c | u) without a gradient multiplies a loss
  among the negatives; the derivatives of this loss by the scores have that weight by themselves,
  with P from the same batch. An estimate inside a logarithm has a bias, which falls with k.
- `pair`: −log σ(s_c + log q_c − s_j − log q_j) with one item j, drawn evenly from the catalogue
  (Rendle et al., UAI 2009, who leave log q out).

Not corrected, o = 0. What is found then is the true score and log q (`full`), or log q − log m
(`batch`).
"""

import numpy as np
import torch

from twotower.data.catalogue import log_shares
from twotower.kernels import softmax
from twotower.towers.clicks import cards
from twotower.towers.samples import Clicks

FULL, BATCH, APART, PAIR = "full", "batch", "apart", "pair"


def corrections(clicks: Clicks, kind: str) -> torch.Tensor:
    """What a corrected loss adds to the scores of the catalogue's items, [B, N]."""
    if kind in (FULL, PAIR):
        return clicks.log_popularity
    return clicks.log_popularity - clicks.log_share


def counted_shares(clicks: Clicks) -> torch.Tensor:
    """Log of each item's share as these clicks show it (`catalogue.log_shares`), [B, N]."""
    count = clicks.log_share.shape[1]
    found = [log_shares(items, count) for items in clicks.items.cpu().numpy()]
    return torch.from_numpy(np.stack(found)).to(clicks.log_share)


def batch_starts(n: int, size: int) -> list[int]:
    """First clicks of batches of so many, in the order drawn, and n last.

    What is left at the end is a batch of its own; a single click joins the batch before.
    """
    starts = list(range(0, n, size))
    if len(starts) > 1 and n - starts[-1] == 1:
        starts.pop()
    return [*starts, n]


class ClickLoss:
    """The mean loss of n clicks in B replicates.

    Attributes:
        items: int64 [B, n]; of kind `pair` [B, n, 2], the clicked ones first.
        offsets: float64 [B, N], o.
        own: float64 [B, n]: of kind `apart` offsets of the clicked items.
        starts: of batches, see `batch_starts`.

    Example:
        >>> zeros = torch.zeros(1, 2, dtype=torch.float64)
        >>> clicks = Clicks(torch.tensor([[1]]), zeros[..., None], zeros, zeros, 4)
        >>> f, g = torch.zeros(1, 1, 3).double(), torch.zeros(1, 2, 3).double()
        >>> ClickLoss(clicks, FULL, True)(f, g)[0]  # log 2: the scores say nothing
        tensor([0.6931], dtype=torch.float64)
    """

    def __init__(
        self,
        clicks: Clicks,
        kind: str,
        is_corrected: bool,
        others: torch.Tensor | None = None,
    ) -> None:
        """Take the clicks, and for kind `pair` the items [B, n] that they are compared with."""
        self.kind, self.items = kind, clicks.items
        if kind == PAIR:
            self.items = torch.stack([clicks.items, others], dim=2)
        offsets = corrections(clicks, kind)
        self.offsets = offsets if is_corrected else torch.zeros_like(offsets)
        self.starts = batch_starts(clicks.items.shape[1], clicks.batch)
        self.own = torch.zeros_like(clicks.items, dtype=torch.float64)
        if kind == APART:
            share = clicks.log_share.gather(1, clicks.items)
            self.own = clicks.log_popularity.gather(1, clicks.items) - (-share.exp()).log1p()

    def __call__(
        self, users: torch.Tensor, items: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Losses [B] at embeddings [B, n, p] of the users and [B, N, p] of the catalogue, and their
        derivatives by both; all float64.
        """
        if users.device.type != "cpu":
            return cards.loss(self, users, items)
        n, rank = users.shape[1:]
        by_user, by_item = torch.zeros_like(users), torch.zeros_like(items)
        losses = torch.empty(len(users), dtype=torch.float64)
        for b in range(len(users)):
            f, g = users[b].contiguous().numpy(), items[b].T.contiguous().numpy()
            slopes = by_user[b].numpy(), np.zeros_like(g)
            losses[b] = self._one(b, rank, f, g, *slopes) / n
            by_item[b] = torch.from_numpy(slopes[1]).T
        return losses, by_user.div_(n), by_item.div_(n)

    def _one(self, b: int, rank: int, f, g, by_user, by_item) -> float:
        """The sum of the losses of one replicate; derivatives are added to those given."""
        offsets, items = self.offsets[b].numpy(), self.items[b].numpy()
        if self.kind == FULL:
            return softmax.among_all(rank)(f, g, offsets, items, by_user, by_item)
        if self.kind == PAIR:
            return softmax.of_two(rank)(f, g, offsets, items, by_user, by_item)
        kernel = softmax.in_batches(rank, self.kind == APART)
        batches = np.array(self.starts), self.own[b].numpy()
        return kernel(f, g, offsets, items, *batches, by_user, by_item)
