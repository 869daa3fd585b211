"""What differs between a diagnosis of ratings and one of clicks, and no more.

An error is a mean of losses of held-out ratings, or clicks: squared errors, or log losses. How the
towers are fitted, and what their fits give, stands in `rating_fits` and `click_fits`. All that
follows takes losses as they come.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from twotower.data.catalogue import log_shares
from twotower.diagnosis import ladders
from twotower.diagnosis.factorial import OWN
from twotower.real.ratings import RealRatings
from twotower.real.splits import Split

CONSTANT = "constant"
"""The model that knows nothing of the user: the mean rating, or each item's share of the clicks."""
Fitted = Mapping[str, Mapping[str, np.ndarray]]
"""By rung, what `fits.measured` gave."""


@dataclass(frozen=True)
class Kind:
    """How a kind of data is fitted, judged and spoken of.

    Attributes:
        event: "rating" or "click".
        own_arm, best_arm: arms of towers by which the user's training, and the towers close to the
            smallest training error, are fitted.
        best_settings: of the second.
        given: from the fits of all rungs, losses [splits, seeds, n_test] by "rung/share".
        constant: losses of the constant, [splits, n_test].
        unlimited: the error that unlimited events would leave, from that of half of them and all.
        loss, unit, digits: what an error is called, and with how many digits it is shown.
        also: how the error is said once more, such as "RMSE" with its value.
        constant_said: the constant in words.
        leads: the question whose answer stands first on the screen.
    """

    event: str
    own_arm: str
    best_arm: str
    best_settings: Mapping[str, Any]
    given: Callable[[RealRatings, list[Split], Fitted], dict[str, np.ndarray]]
    constant: Callable[[RealRatings, list[Split]], np.ndarray]
    unlimited: Callable[[np.ndarray, np.ndarray], np.ndarray]
    loss: str
    unit: str
    digits: int
    also: Callable[[float], str]
    constant_said: str
    leads: str

    @property
    def events(self) -> str:
        """ "ratings" or "clicks"."""
        return f"{self.event}s"

    def held_out(
        self, data: RealRatings, parts: list[Split], fitted: Fitted
    ) -> dict[str, np.ndarray]:
        """Losses [splits, seeds, n_test] by "rung/share", and those of the constant."""
        losses = self.given(data, parts, fitted)
        like = losses[f"{OWN}/all"]
        level = np.broadcast_to(self.constant(data, parts)[:, None], like.shape)
        return losses | {f"{CONSTANT}/all": level}


def of(data: RealRatings) -> Kind:
    """The kind of what was read: of clicks, the lowest and the highest rating are both 1."""
    return CLICKS if data.scale[0] == data.scale[1] else RATINGS


def named(events: str) -> Kind:
    """The kind of "ratings", or of "clicks"."""
    return {kind.events: kind for kind in (RATINGS, CLICKS)}[events]


def _columns(fitted: Fitted, name: str) -> dict[str, np.ndarray]:
    """Arrays `name/<share>` of all rungs, by "rung/share"."""
    return {
        f"{rung}/{key.partition('/')[2]}": values
        for rung, arrays in fitted.items()
        for key, values in arrays.items()
        if key.startswith(f"{name}/")
    }


def _squares(data: RealRatings, parts: list[Split], fitted: Fitted) -> dict[str, np.ndarray]:
    rated = np.stack([data.ratings[part.test] for part in parts])[:, None]
    return {key: np.square(each - rated) for key, each in _columns(fitted, "predictions").items()}


def _squares_of_mean(data: RealRatings, parts: list[Split]) -> np.ndarray:
    level = np.array([data.ratings[part.train].mean() for part in parts])
    return np.square(np.stack([data.ratings[part.test] for part in parts]) - level[:, None])


def _log_losses(data: RealRatings, parts: list[Split], fitted: Fitted) -> dict[str, np.ndarray]:
    return _columns(fitted, "losses")


def _log_losses_of_shares(data: RealRatings, parts: list[Split]) -> np.ndarray:
    count = len(data.item_covariates)
    known = [log_shares(data.items[part.train], count) for part in parts]
    return -np.stack(
        [of_item[data.items[part.test]] for of_item, part in zip(known, parts, strict=True)]
    )


RATINGS = Kind(
    event="rating",
    own_arm="adam",
    best_arm="erm",
    best_settings={"alternations": 2, "joint_steps": 60},
    given=_squares,
    constant=_squares_of_mean,
    unlimited=ladders.unlimited,
    loss="squared error",
    unit="",
    digits=3,
    also=lambda error: f"RMSE {error**0.5:.4g}",
    constant_said="the mean rating alone",
    leads="largest",
)
"""More steps of the best fits change planted errors by less than the seeds do."""
CLICKS = Kind(
    event="click",
    own_arm="softmax_adam",
    best_arm="softmax_batch",
    best_settings={"output_steps": 60, "joint_steps": 15},
    given=_log_losses,
    constant=_log_losses_of_shares,
    unlimited=ladders.unlimited_likelihood,
    loss="log loss",
    unit=" nats",
    digits=5,
    also=lambda error: f"perplexity {np.exp(error):.4g}",
    constant_said="each item's share of the clicks alone",
    leads="buy",
)
"""The noise floor of clicks is the entropy of the choices: always the largest part, so that what
can be bought stands first. Beside it all other parts are small, so that errors need more digits."""
