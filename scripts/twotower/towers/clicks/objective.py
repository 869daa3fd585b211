"""The mean loss of clicks as a function of the parameters of both towers."""

import torch

from twotower.kernels import one_tower
from twotower.towers import networks
from twotower.towers.clicks.losses import FULL, ClickLoss
from twotower.towers.networks import Towers
from twotower.towers.objectives import loop_sizes
from twotower.towers.samples import Clicks


class ClickObjective:
    """Losses on n clicks, and their gradients.

    The user tower's last output is a constant 1, by which the item tower's last output is an item's
    own score. Its weights are no parameters: their derivatives are 0 here.
    """

    def __init__(
        self, like: Towers, users: torch.Tensor, catalogue: torch.Tensor, loss: ClickLoss
    ) -> None:
        """Take covariates of the users [B, n, D_u] and of the catalogue [B, N, D_i], and the loss
        of their clicks; `like` tells the architecture and precision.
        """
        dtype = like.user[0][0].dtype
        self._like, self._loss = like, loss
        # minibatches and prefixes are views: loops want one layout, whatever the batch
        self._users, self._catalogue = (x.to(dtype).contiguous() for x in (users, catalogue))
        self._sizes = loop_sizes(like, users, catalogue)

    def __call__(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Losses [B], and gradients, at parameters [B, n_parameters] ordered as `Towers.flat`."""
        if self._sizes is not None:
            return self._by_loops(rows)
        towers = self._like.unflat(rows)
        users = networks.embeddings(towers.user, self._users).double()
        items = networks.embeddings(towers.item, self._catalogue).double()
        losses, by_user, by_item = self._loss(users, items)
        by_user[..., -1] = 0.0
        gradient = Towers(
            networks.gradient_of_embeddings(towers.user, self._users, by_user),
            networks.gradient_of_embeddings(towers.item, self._catalogue, by_item),
        )
        return losses.to(rows), gradient.flat()

    def of_outputs(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The same, hidden layers kept as they are: their derivatives are 0."""
        losses, gradient = self(rows)
        towers = self._like.unflat(gradient)
        kept = [
            [(torch.zeros_like(weight), torch.zeros_like(bias)) for weight, bias in side[:-1]]
            for side in (towers.user, towers.item)
        ]
        outputs = zip(kept, (towers.user, towers.item), strict=True)
        return losses, Towers(*([*hidden, side[-1]] for hidden, side in outputs)).flat()

    def _by_loops(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The same on a CPU, for towers of one hidden layer."""
        *dims, rank = self._sizes
        middle = sum(tensor[0].numel() for layer in self._like.user for tensor in layer)
        parts = [part.contiguous() for part in (rows[:, :middle], rows[:, middle:])]
        sides = list(zip((self._users, self._catalogue), parts, dims, strict=True))
        found = []
        for covariates, part, dim in sides:
            out = part.new_empty(*covariates.shape[:2], rank)
            one_tower.embeddings(dim, rank)(*_arrays(covariates, part, out))
            found.append(out.double())
        losses, *slopes = self._loss(*found)
        slopes[0][..., -1] = 0.0
        totals = []
        for (covariates, part, dim), slope in zip(sides, slopes, strict=True):
            totals.append(torch.zeros_like(part))
            arrays = _arrays(covariates, part, slope.to(part), totals[-1])
            one_tower.gradient(dim, rank)(*arrays)
        return losses.to(rows), torch.cat(totals, dim=1)


def _arrays(*tensors: torch.Tensor) -> list:
    return [tensor.numpy() for tensor in tensors]


def batch_slopes(like: Towers, parts: list[torch.Tensor], rows: torch.Tensor) -> torch.Tensor:
    """Gradients [B, n_parameters] of the mean loss of one batch of clicks.

    Args:
        parts: covariates of the users [B, m, D_u] and of the items that they have clicked
            [B, m, D_i], and what is added to the scores of these items, [B, m].
    """
    users, items, offsets = parts
    places = torch.arange(offsets.shape[1], device=offsets.device).expand_as(offsets)
    # each click has an item of its own in this catalogue, also where two are of the same item
    clicks = Clicks(places, items, offsets.double(), offsets, offsets.shape[1])
    return ClickObjective(like, users, items, ClickLoss(clicks, FULL, True))(rows)[1]
