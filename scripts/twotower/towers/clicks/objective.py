"""The mean loss of clicks as a function of the parameters of both towers."""

import torch

from twotower.towers import networks
from twotower.towers.clicks.losses import FULL, ClickLoss
from twotower.towers.networks import Towers
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
        self._users, self._catalogue = users.to(dtype), catalogue.to(dtype)

    def __call__(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Losses [B], and gradients, at parameters [B, n_parameters] ordered as `Towers.flat`."""
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
