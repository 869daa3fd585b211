"""The pairwise loss: of two ratings of one user, is the higher one scored higher?

Each rating r_t of a user is compared with up to `comparisons` of that user's ratings before it.
With d = R(u, i_t) − R(u, i_s) the difference of two scores and v = r_t − r_s that of the ratings,

    loss = Σ |v| log(1 + exp(−sign(v) d)) / Σ |v|,

the logistic loss of RankNet (Burges et al., *ICML* 2005) with each pair weighted by the size of
its difference; with weight "none" each pair of unequal ratings counts 1, as it does there. Under
noise the weights matter: a pair that the noise may well have turned around tells little. To first
order in d their estimate has the variance of least squares on normal differences, and that without
weights π/2 times as much.

The loss does not see what is the same for all items of a user: a constant vector may be added to
the item embeddings. Nor has it a scale that could be compared with the ratings'. So fitted towers
are calibrated: of all a > 0 and vectors c, the item embeddings f̃ become a f̃ + c with those that
bring the scores nearest to the training ratings. No list changes by that, and a risk can be
measured.
"""

import torch

from twotower.towers import chunks
from twotower.towers.networks import Towers, embeddings, gradient_of_scores, scores

WEIGHTS = ("size", "none")

_ON_CARD = 1 << 24  # comparisons that are held at a time on a card


def _groups(values: torch.Tensor) -> list[slice]:
    """Replicates [B, …] that are computed together: each alone on a CPU, all on a card."""
    if values.device.type == "cuda":
        return [slice(None)]
    return [slice(row, row + 1) for row in range(len(values))]


class Comparisons:
    """Pairs of ratings of one user, in B replicates of n ratings.

    On a CPU all arithmetic runs replicate by replicate on arrays whose shapes n alone decides: the
    last bit of an exponential depends on its place in the array, and may not depend on the batch.

    Example:
        >>> both = Comparisons(torch.tensor([[0, 0]]), torch.tensor([[1.0, 3.0]]), 1, "size")
        >>> both.loss(torch.tensor([[0.0, 0.0]]))[0]  # log 2: the scores say nothing
        tensor([0.6931], dtype=torch.float64)
    """

    def __init__(
        self, numbers: torch.Tensor, ratings: torch.Tensor, comparisons: int, weight: str
    ) -> None:
        """Take the users [B, n] of ratings [B, n]; `weight` is one of `WEIGHTS`."""
        batch, n = ratings.shape
        self._lags, self._weight = min(comparisons, n - 1), weight
        self._rows = chunks.COMPARED
        if ratings.device.type == "cuda":
            self._rows = max(chunks.COMPARED, _ON_CARD // (batch * max(self._lags, 1)))
        self._order = torch.argsort(numbers, dim=1, stable=True)  # users together, in their order
        self._back = torch.argsort(self._order, dim=1)
        self._users = self._sorted(numbers, -1)
        self._ratings = self._sorted(ratings.double(), 0.0)
        self._groups = _groups(ratings)
        self._totals = [
            sum(differences.abs().flatten(1).sum(1) for _, differences in self._parts(group))
            for group in self._groups
        ]

    def loss(self, scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss [B] of scores [B, n], and its derivatives by the scores, [B, n]; float64.

        Both are 0 in a replicate where no user has two ratings that differ.
        """
        ordered = self._sorted(scores.double(), 0.0)
        slopes = torch.zeros_like(ordered)
        losses = []
        for group, total in zip(self._groups, self._totals, strict=True):
            weight = torch.where(total > 0, 1.0 / total, 0.0)
            found = torch.zeros_like(weight)
            for start, differences in self._parts(group):
                lagged = self._windows(ordered[group], start)
                right = (lagged[:, -1:] - lagged[:, :-1]) * differences.sign()  # above 0: as rated
                small = right.abs().neg().exp()
                each = differences.abs() * (small.log1p() - right.clamp_max(0.0))
                found += each.flatten(1).sum(1)
                wrong = torch.where(right > 0, small, 1.0) / (1.0 + small)  # 1 / (1 + exp(right))
                slope = differences * wrong * -weight[:, None, None]
                own = slope.sum(1)
                slopes[group, start : start + self._lags + own.shape[1] - 1] -= _by_place(slope)
                slopes[group, start + self._lags : start + self._lags + own.shape[1]] += own
            losses.append(found * weight)
        return torch.cat(losses), slopes[:, self._lags :].gather(1, self._back)

    def _sorted(self, values: torch.Tensor, before: float) -> torch.Tensor:
        """Values [B, n] with users together, [B, lags + n], and `before` ahead of the first."""
        first = values.new_full((len(values), self._lags), before)
        return torch.cat([first, values.gather(1, self._order)], dim=1)

    def _windows(self, values: torch.Tensor, start: int) -> torch.Tensor:
        """[B, lags + 1, rows]: of the ratings from `start` on, those before them, and they last."""
        stop = min(start + self._lags + self._rows, values.shape[1])
        return values[:, start:stop].unfold(1, stop - start - self._lags, 1)

    def _parts(self, group: slice):
        """Starts, and weighted differences of ratings [B, lags, rows]: 0 for those not compared."""
        for start in range(0, self._ratings.shape[1] - self._lags, self._rows):
            ratings, users = (
                self._windows(values[group], start) for values in (self._ratings, self._users)
            )
            same = users[:, -1:] == users[:, :-1]
            differences = (ratings[:, -1:] - ratings[:, :-1]) * same
            yield start, differences if self._weight == "size" else differences.sign()


def _by_place(slope: torch.Tensor) -> torch.Tensor:
    """Sums over the lags k of [B, lags, rows] at the places k + row, [B, lags + rows − 1].

    Rows that are read one number short of their length shift by one place each.
    """
    batch, lags, rows = slope.shape
    padded = torch.nn.functional.pad(slope, (0, lags)).flatten(1)
    length = rows + lags - 1
    return padded[:, : lags * length].view(batch, lags, length).sum(1)


def loss_and_gradient(
    towers: Towers, users: torch.Tensor, items: torch.Tensor, comparisons: Comparisons
) -> tuple[torch.Tensor, torch.Tensor]:
    """As `networks.loss_and_gradient`, of the pairwise loss: [B] and [B, n_parameters]."""
    loss, slopes = comparisons.loss(scores(towers, users, items))
    like = towers.user[0][0]
    return loss.to(like), gradient_of_scores(towers, users, items, slopes)


def calibrated(
    towers: Towers, users: torch.Tensor, items: torch.Tensor, ratings: torch.Tensor
) -> Towers:
    """Towers with item embeddings a f̃ + c, a and c by least squares on ratings [B, n].

    Where scores do not rise with the ratings a is 1 and c is 0: the order is the loss's, not this
    fit's.
    """
    like = towers.user[0][0]
    found = scores(towers, users, items).double()
    embedded = embeddings(towers.user, users.to(like)).double()
    factors, shifts = [], []
    for group in _groups(found):
        columns = torch.cat([found[group, :, None], embedded[group]], dim=2)
        across = columns.transpose(1, 2)
        inverse = torch.linalg.pinv(torch.bmm(across, columns), hermitian=True)
        right = torch.bmm(across, ratings[group, :, None].double())
        solution = torch.bmm(inverse, right)[..., 0]
        rises = solution[:, :1] > 0
        factors.append(torch.where(rises, solution[:, :1], 1.0))
        shifts.append(torch.where(rises, solution[:, 1:], 0.0))
    factor = torch.cat(factors)[:, None].to(like)
    weight, bias = towers.item[-1]
    last = (weight * factor, bias * factor + torch.cat(shifts)[:, None].to(like))
    return Towers(towers.user, [*towers.item[:-1], last])
