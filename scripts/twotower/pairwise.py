"""The pairwise loss: of two ratings of one user, is the higher one scored higher?

Each rating r_t of a user is compared with up to `comparisons` of that user's ratings before it.
With d = R(u, i_t) − R(u, i_s) the difference of two scores and v = r_t − r_s that of the ratings,

    loss = Σ |v| log(1 + exp(−sign(v) d)) / Σ |v|,

the logistic loss of RankNet (Burges et al., *ICML* 2005) with each pair weighted by the size of
its difference; with weight "none" each pair of unequal ratings counts 1, as it does there. Under
noise the weights matter: a pair that the noise may well have turned around tells little. To first
order in d their estimate has the variance of least squares on normal differences, and that without
weights π/2 times as much.

The loss knows scores only up to a constant for each user, and no scale that could be compared with
the ratings'. So fitted towers are multiplied by the one factor a network that brings their scores
nearest to its training ratings; rankings do not change.
"""

import torch

from twotower.towers import Towers, gradient_of_scores, scores

WEIGHTS = ("size", "none")

_ROWS = 4096  # ratings whose comparisons are held at a time


class Comparisons:
    """Pairs of ratings of one user, in B replicates of n ratings.

    All arithmetic runs replicate by replicate on arrays whose shapes n alone decides: the last bit
    of an exponential depends on its place in the array, and may not depend on the batch.
    """

    def __init__(
        self, numbers: torch.Tensor, ratings: torch.Tensor, comparisons: int, weight: str
    ) -> None:
        """Take the users [B, n] of ratings [B, n]; `weight` is one of `WEIGHTS`."""
        n = ratings.shape[1]
        self._lags, self._weight = min(comparisons, n - 1), weight
        self._order = torch.argsort(numbers, dim=1, stable=True)  # users together, in their order
        self._back = torch.argsort(self._order, dim=1)
        self._users = self._sorted(numbers, -1)
        self._ratings = self._sorted(ratings.double(), 0.0)
        self._totals = [
            torch.stack([differences.abs().sum() for _, differences in self._parts(row)]).sum()
            for row in range(len(ratings))
        ]

    def loss(self, scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss [B] of scores [B, n], and its derivatives by the scores, [B, n]; float64.

        Both are 0 in a replicate where no user has two ratings that differ.
        """
        ordered = self._sorted(scores.double(), 0.0)
        slopes = torch.zeros_like(ordered)
        losses = []
        for row, total in enumerate(self._totals):
            weight = torch.where(total > 0, 1.0 / total, 0.0)
            found = []
            for start, differences in self._parts(row):
                lagged = self._windows(ordered[row], start)
                right = (lagged[-1] - lagged[:-1]) * differences.sign()  # above 0: as the ratings
                small = right.abs().neg().exp()
                found.append((differences.abs() * (small.log1p() - right.clamp_max(0.0))).sum())
                wrong = torch.where(right > 0, small, 1.0) / (1.0 + small)  # 1 / (1 + exp(right))
                slope = differences * wrong * -weight
                length = slope.shape[1]
                for lag, part in enumerate(slope):
                    slopes[row, start + lag : start + lag + length] -= part
                slopes[row, start + self._lags : start + self._lags + length] += slope.sum(0)
            losses.append(torch.stack(found).sum() * weight)
        return torch.stack(losses), slopes[:, self._lags :].gather(1, self._back)

    def _sorted(self, values: torch.Tensor, before: float) -> torch.Tensor:
        """Values [B, n] with users together, [B, lags + n], and `before` ahead of the first."""
        first = values.new_full((len(values), self._lags), before)
        return torch.cat([first, values.gather(1, self._order)], dim=1)

    def _windows(self, values: torch.Tensor, start: int) -> torch.Tensor:
        """[lags + 1, rows]: of the ratings from `start` on, those before them, and they last."""
        stop = min(start + self._lags + _ROWS, len(values))
        return values[start:stop].unfold(0, stop - start - self._lags, 1)

    def _parts(self, row: int):
        """Starts, and weighted differences of ratings [lags, rows]: 0 for those not compared."""
        for start in range(0, self._ratings.shape[1] - self._lags, _ROWS):
            ratings, users = (
                self._windows(values[row], start) for values in (self._ratings, self._users)
            )
            differences = (ratings[-1] - ratings[:-1]) * (users[-1] == users[:-1])
            yield start, differences if self._weight == "size" else differences.sign()


def loss_and_gradient(
    towers: Towers, users: torch.Tensor, items: torch.Tensor, comparisons: Comparisons
) -> tuple[torch.Tensor, torch.Tensor]:
    """As `towers.loss_and_gradient`, of the pairwise loss: [B] and [B, n_parameters]."""
    loss, slopes = comparisons.loss(scores(towers, users, items))
    like = towers.user[0][0]
    return loss.to(like), gradient_of_scores(towers, users, items, slopes)


def calibrated(
    towers: Towers, users: torch.Tensor, items: torch.Tensor, ratings: torch.Tensor
) -> Towers:
    """Towers with scores times the factor above 0 that brings them nearest to ratings [B, n].

    A network whose scores do not rise with the ratings is left as it is.
    """
    found = scores(towers, users, items).double()
    above = torch.stack([row.sum() for row in found * ratings])
    factor = above / torch.stack([row.sum() for row in found.square()])
    root = torch.where(above > 0, factor, 1.0).sqrt().to(towers.user[0][0])[:, None, None]

    def scaled(layers: list) -> list:
        weight, bias = layers[-1]
        return [*layers[:-1], (weight * root, bias * root)]

    return Towers(scaled(towers.user), scaled(towers.item))
