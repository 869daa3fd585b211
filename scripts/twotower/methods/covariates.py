"""Methods that know users and items by their covariates alone, from scikit-learn."""

from collections.abc import Callable

import numpy as np
from scipy import linalg
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, StandardScaler

from twotower.data.pairs import Pairs
from twotower.methods.joint import joined
from twotower.methods.kernel_sizes import LANDMARKS, MOST_EXACT

MOST_FEATURES = 31
"""Most features of a side in ridge regression; all products of both sides' make 1,024 in all."""

MOST_AT_ONCE = 2**17
"""Ratings whose products of features stand in memory at a time: a gigabyte."""
MOST_SCALED = 2**26
"""Covariates of a side, at most, by which they are scaled and brought to fewer features; of more
ratings than have as many the first ones are taken."""

_CHUNK = 8192  # pairs predicted at a time

Predictor = Callable[[Pairs], np.ndarray]


def fit(name: str, pairs: Pairs, ratings: np.ndarray, settings: dict, seed: int) -> Predictor:
    """The method of this name with these settings, fitted to pairs and ratings [n].

    Raises:
        KeyError: if it is not one of `boxes.BY_COVARIATES`.
    """
    if name == "ridge":
        return _Ridge(pairs, ratings, **settings)
    covariates = joined(pairs.user_covariates, pairs.item_covariates)
    match name:
        case "boosting":
            model = HistGradientBoostingRegressor(
                early_stopping=False, random_state=seed, **settings
            )
        case "kernel_ridge":
            model = _kernel_ridge(len(ratings), covariates.shape[1], seed, **settings)
        case _:
            raise KeyError(name)
    centre = ratings.mean()  # kernel ridge has no intercept
    model.fit(covariates, ratings - centre)
    return lambda fresh: (
        centre
        + _in_chunks(
            lambda part: model.predict(joined(part.user_covariates, part.item_covariates)), fresh
        )
    )


def _kernel_ridge(
    n: int, columns: int, seed: int, alpha: float, gamma: float, kernel: str
) -> Pipeline:
    """The Laplacian kernel of joined covariates, exp(−γ Σ|x − y|), is a product of one kernel a
    side, so that it does not pay for the sum of both dimensions; the Gaussian one likewise.
    """
    gamma = gamma / columns
    if n <= MOST_EXACT:
        return make_pipeline(StandardScaler(), KernelRidge(alpha=alpha, kernel=kernel, gamma=gamma))
    features = Nystroem(kernel, gamma=gamma, n_components=LANDMARKS, random_state=seed)
    return make_pipeline(StandardScaler(), features, Ridge(alpha, fit_intercept=False))


class _Ridge:
    """Ridge regression on polynomials of each side's covariates and all their products.

    Covariates are brought to [−1, 1], where new ones are clipped. The degree is lowered until a
    side has no more than `MOST_FEATURES`; of more covariates than that the leading principal
    components are used.
    """

    def __init__(self, pairs: Pairs, ratings: np.ndarray, degree: int, alpha: float):
        self._sides = [
            _polynomials(rows[: max(1, MOST_SCALED // rows[:1].shape[1])], degree)
            for rows in (pairs.user_rows, pairs.item_rows)
        ]
        self._predict = self._fitted(pairs, ratings, alpha)

    def _fitted(self, pairs: Pairs, ratings: np.ndarray, alpha: float) -> Predictor:
        """The fit to features [n, k]; of many ratings by sums over parts of them."""
        if len(pairs) <= MOST_AT_ONCE:
            return Ridge(alpha).fit(self._features(pairs), ratings).predict
        parts = [slice(i, i + _CHUNK) for i in range(0, len(pairs), _CHUNK)]
        level = sum(self._features(pairs.take(part)).sum(axis=0) for part in parts) / len(pairs)
        gram, right, mean = 0.0, 0.0, ratings.mean()
        for part in parts:
            features = self._features(pairs.take(part)) - level
            gram += features.T @ features
            right += features.T @ (ratings[part] - mean)
        gram[np.diag_indices_from(gram)] += alpha
        weights = linalg.solve(gram, right, assume_a="pos")
        return lambda features: mean + (features - level) @ weights

    def _features(self, pairs: Pairs) -> np.ndarray:
        users, items = (
            np.pad(side.transform(covariates), ((0, 0), (1, 0)), constant_values=1.0)
            for side, covariates in zip(
                self._sides, (pairs.user_covariates, pairs.item_covariates), strict=True
            )
        )
        products = users[:, :, None] * items[:, None, :]
        return products.reshape(len(pairs), -1)[:, 1:]

    def __call__(self, pairs: Pairs) -> np.ndarray:
        return _in_chunks(lambda part: self._predict(self._features(part)), pairs)


def _polynomials(covariates: np.ndarray, degree: int) -> Pipeline:
    columns = covariates.shape[1]
    while degree > 1 and _monomials(columns, degree) > MOST_FEATURES:
        degree -= 1
    steps = [
        MinMaxScaler((-1, 1), clip=True),
        PolynomialFeatures(degree, include_bias=False),
        StandardScaler(),
    ]
    if _monomials(columns, degree) > MOST_FEATURES:
        most = min(MOST_FEATURES, len(covariates))
        steps.append(PCA(most, svd_solver="covariance_eigh", whiten=True))
    return make_pipeline(*steps).fit(covariates)


def _monomials(columns: int, degree: int) -> int:
    """Monomials of so many variables up to that degree, without the constant."""
    return PolynomialFeatures(degree).fit(np.zeros((1, columns))).n_output_features_ - 1


def _in_chunks(predict: Predictor, pairs: Pairs) -> np.ndarray:
    starts = range(0, len(pairs), _CHUNK)
    parts = [predict(pairs.take(slice(start, start + _CHUNK))) for start in starts]
    return np.concatenate(parts) if parts else np.empty(0)
