"""What one fit of a method to real ratings costs, from measurements on one core.

Measured with the middle settings of each method's box on MovieLens 100K, on a made file of the size
of MovieLens 1M, and some on one of Yelp's (docs/real-ratings.md, Size). Processor time, as of the
reference machine; memory is the peak of the process.
"""

from dataclasses import dataclass

from twotower.cost import methods as method_costs
from twotower.data.ratings_size import RatingsSize

MEBI = 2.0**20


@dataclass(frozen=True)
class FitCost:
    """Seconds and bytes of a fit.

    Attributes:
        fixed: seconds of a fit of any size.
        rating: seconds for each rating.
        past: seconds for each rating and each other rating of its user or item.
        entity: seconds for each user and item.
        column: seconds for each rating and covariate.
        predicted: seconds of a prediction.
        looked_up: seconds of a prediction for each rating of its user or item.
        side: whose ratings `past` and `looked_up` count: "user" or "item".
        held: bytes for each rating that trains.
        known: bytes for each user and item.
        copies: of all covariates of all ratings.
        torch: whether the process holds torch.
    """

    fixed: float = 0.0
    rating: float = 0.0
    past: float = 0.0
    entity: float = 0.0
    column: float = 0.0
    predicted: float = 2e-6
    looked_up: float = 0.0
    side: str = "user"
    held: float = 240.0
    known: float = 300.0
    copies: float = 0.0
    torch: bool = False


FITS = {
    "global_mean": FitCost(rating=5e-8, predicted=1e-8, held=30, known=0),
    "biases": FitCost(rating=5.5e-6, entity=3.5e-5),
    "svd": FitCost(rating=2.1e-5, entity=3.5e-5),
    "svdpp": FitCost(rating=2.1e-5, past=4e-7, entity=3.5e-5, looked_up=3e-7),
    "user_knn": FitCost(rating=1.1e-5, past=2e-8, entity=7e-5, looked_up=4.7e-7, side="item"),
    "item_knn": FitCost(rating=1.1e-5, past=2e-8, entity=7e-5, looked_up=5.6e-7),
    "nmf": FitCost(rating=3.0e-5, entity=3.5e-5),
    "co_clustering": FitCost(rating=2.3e-5, entity=3.5e-5),
    "ridge": FitCost(rating=2.8e-5, held=100, known=0),
    "boosting": FitCost(fixed=0.5, column=2.8e-7, copies=1.8, held=50, known=0),
    "erm": FitCost(rating=6.2e-6, copies=1.1, torch=True, known=0),
    "adam": FitCost(fixed=0.4, rating=7e-7, copies=0.6, torch=True, known=0),
    "mixed": FitCost(rating=2.5e-6, entity=1.2e-4, torch=True),
    "hybrid": FitCost(rating=2.5e-6, entity=1.2e-4, torch=True),
}
"""By method; kernel ridge, whose seconds are no line in the ratings, stands in `seconds`."""
MOST_OF_KERNEL = 16_384
MOST_NUMBERS = 2**27
"""As `real.methods` cuts the ratings of methods by covariates, which this wing may not import."""
_KERNEL_SHARE = 0.45
"""Of what the cost of studies says, whose kernels have few covariates; measured with 60."""
_AT_ONCE, _PRODUCTS = 2**17, 1024  # of ridge regression: ratings, features of one
_COMPARED = 8192  # users or items whose similarities are computed


def learned(method: str, size: RatingsSize) -> RatingsSize:
    """The ratings that a method learns from, of a training part."""
    most = MOST_NUMBERS / size.columns if method in ("boosting", "erm", "adam") else size.ratings
    if method == method_costs.KERNEL_RIDGE:
        most = MOST_OF_KERNEL
    return size.part(min(1.0, most / max(size.ratings, 1.0)))


def seconds(method: str, train: RatingsSize, tested: float, budget: int) -> float:
    """Seconds of one split: tuning on a fifth of the training ratings, the last fit, predictions.

    Raises:
        NotImplementedError: for a method that `FITS` lacks.
    """
    train = learned(method, train)
    if method == method_costs.KERNEL_RIDGE:
        n, columns = int(train.ratings), train.columns
        whole = method_costs.seconds(method, budget, n, int(tested), columns, True)
        return _KERNEL_SHARE * whole
    cost = _cost(method)
    tried = 0 if method == "global_mean" else budget
    kept = train.part(0.8)
    fits = tried * _fit(cost, kept) + _fit(cost, train)
    past = _past(cost, train)
    return fits + (cost.predicted + cost.looked_up * past) * (0.2 * train.ratings * tried + tested)


def memory(method: str, size: RatingsSize) -> float:
    """Peak bytes of a job, of which the largest training part holds four fifths."""
    train = learned(method, size.part(0.8))
    peak = 170 * MEBI + 60.0 * size.ratings
    peak += 8.0 * (size.users * size.user_columns + size.items * size.item_columns)
    if method == method_costs.KERNEL_RIDGE:
        return peak + method_costs.peak(method, int(train.ratings), train.columns, 0.0)
    cost = _cost(method)
    peak += cost.known * (train.users + train.items)
    peak += cost.held * train.ratings + cost.copies * 8.0 * train.columns * train.ratings
    peak += 330 * MEBI * cost.torch
    match method:
        case "ridge":
            peak += 1.6 * 8.0 * _PRODUCTS * min(train.ratings, _AT_ONCE)
        case "user_knn" | "item_knn":
            compared = train.users if method == "user_knn" else train.items
            peak += 4 * 8.0 * min(compared, _COMPARED) ** 2
        case "hybrid" | "mixed":
            peak += 8.0 * 400 * min(train.users + train.items, 700_000)
    return peak


def _fit(cost: FitCost, size: RatingsSize) -> float:
    each = cost.rating + cost.column * size.columns + cost.past * _past(cost, size)
    return cost.fixed + each * size.ratings + cost.entity * (size.users + size.items)


def _past(cost: FitCost, size: RatingsSize) -> float:
    return size.per_user if cost.side == "user" else size.per_item


def _cost(method: str) -> FitCost:
    if method not in FITS:
        place = f"FITS of {__name__}"
        raise NotImplementedError(
            f"the method {method!r} has no cost: write its seconds in {place}"
        )
    return FITS[method]


def holds_torch(method: str) -> bool:
    """Whether a job that fits the method starts with torch."""
    return method in FITS and FITS[method].torch
