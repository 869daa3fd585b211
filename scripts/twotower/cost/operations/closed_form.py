"""Operations of `training.closed_form`: random hidden layers, a spectral start, alternation.

Of narrower deep towers the lower layers are counted as if they were narrower too.
"""

from dataclasses import replace

from twotower.cost.operations.fit_size import FitSize
from twotower.cost.operations.work import Work
from twotower.towers.closed_form import limits


def eigenvalues(size: int) -> float:
    """Operations of an eigendecomposition; up to sizes of 1,000 the passes over memory count."""
    return size**3 + 1000 * size**2


def singular_values(size: int) -> float:
    """Operations of singular values with their vectors."""
    return 1.2 * size**3 + 1600 * size**2


def triangles(size: int) -> float:
    """Operations of a Cholesky factor."""
    return 0.3 * size**3


def rounds(asked: int, n: int) -> float:
    """Rounds of alternating least squares over n ratings, where so many are asked for.

    Two or more go on while the error of one network of the batch falls. In 43 fits of ten cells of
    the standard study, in batches of 12 and with two rounds asked for, the means were 9.9, 7.7,
    5.8, 4.3, 4.0 and 3.0 rounds at n = 512, 1,024, …, 16,384; larger n were not tried. Without
    noise, in batches of 3, they were 3.6 to 2.5, so that small fits of oracles are counted high.
    """
    return asked if asked < 2 else max(asked, min(10 * (512 / n) ** 0.4, limits.MOST_ROUNDS))


def closed_form(fit: FitSize, alternations: int, from_start: bool = False) -> Work:
    """`training.closed_form`; `from_start`: hidden layers and item tower are given."""
    work = Work()
    if not from_start:
        for dim in fit.dims:
            work += hidden_layers(fit, dim)
    widths = [fit.width] if from_start else limits.widths(fit.width, fit.n, fit.rank)
    if not from_start:
        work += spectral_start(replace(fit, width=widths[0]))
    for width in widths:
        narrow = replace(fit, width=width)
        work += whitenings(narrow)
        for dim in fit.dims:
            half_step = _half_step_by_hats(narrow) if fit.by_hats(dim) else _half_step(narrow, dim)
            for kind, count in half_step.items():
                work[kind] += (rounds(alternations, fit.n) if width == fit.width else 1) * count
    return work


def candidates(width: int) -> int:
    """Hidden units of which so many are kept."""
    return max(limits.CANDIDATES_PER_UNIT * width, limits.FEWEST_CANDIDATES)


def hidden_layers(fit: FitSize, dim: int) -> Work:
    """`hidden_layers.random_hidden_layers` of a tower of so many covariates."""
    width, points = fit.width, min(fit.n, limits.DESIGN_POINTS)
    drawn = candidates(width)
    pivots = drawn * width * (width + 20)
    if fit.by_hats(dim):
        return Work(pivot=pivots * fit.batch, hat=points * fit.batch, call=5 * fit.batch)
    product = points * drawn * (2 * fit.layers(dim) / width + fit.depth * drawn)
    return Work(
        product=product * fit.batch,
        unit=fit.depth * points * drawn * fit.batch,
        pivot=fit.depth * pivots * fit.batch,
        call=10 * fit.depth,
    )


def whitenings(fit: FitSize) -> Work:
    """Both towers' features, and the maps that whiten them."""
    work = Work()
    for dim in fit.dims:
        work += _whitening_by_hats(fit) if fit.by_hats(dim) else _whitening(fit, dim)
    return work


def _whitening_by_hats(fit: FitSize) -> Work:
    """`hats.Hats`: its nodes, moments, and the map."""
    cube = fit.features**3 * fit.batch
    return Work(
        hat=1.5 * fit.n * fit.batch,
        factorization=eigenvalues(fit.features) * fit.batch,
        product=4 * cube,
        call=20,
    )


def _whitening(fit: FitSize, dim: int) -> Work:
    """`dense.Dense`: features, half of their products with each other, and the map."""
    size, pairs = fit.features, fit.n * fit.batch
    work = _features(fit, dim)
    work.update(product=pairs * size**2, factorization=eigenvalues(size) * fit.batch, call=20)
    return work


def _features(fit: FitSize, dim: int, count: float = 1) -> Work:
    """Dense features of a tower at all pairs, `count` times."""
    pairs = count * fit.n * fit.batch
    return Work(product=2 * pairs * fit.layers(dim), unit=pairs * fit.width * fit.depth)


def _half_step_by_hats(fit: FitSize) -> Work:
    """`half_steps.least_squares` of a tower of hat functions, its embeddings, and residuals."""
    size, rank = fit.features, fit.rank
    products = rank * (rank + 1) // 2
    return Work(
        hat=fit.n * fit.batch * (1.5 + (products + rank) / 2),
        product=products * 2 * size**3 * fit.batch,
        factorization=triangles(rank * size) * fit.batch,
        call=20,
    )


def _half_step(fit: FitSize, dim: int) -> Work:
    """The same of a tower of dense features."""
    size, rank, pairs = fit.features, fit.rank, fit.n * fit.batch
    if fit.is_solved:
        # over the features: normal equations, embeddings for the other tower, and residuals
        passes = 2.5
        work = Work(
            product=pairs * (rank * size) ** 2 + 4 * rank**2 * size**3 * fit.batch,
            unit=pairs * rank * size,
            factorization=triangles(rank * size) * fit.batch,
        )
        skinny = 2.5
    else:
        steps = limits.STEPS[limits.pairs_are(fit.n, size)]
        passes = 3.5 + steps
        work = Work(product=steps * 4 * rank * size**2 * fit.batch)
        skinny = 3.5 + 2 * steps
    work.update(skinny=skinny * pairs * size, call=20, round=passes * fit.feature_chunks)
    return work if fit.keeps_features else work + _features(fit, dim, passes)


def spectral_start(fit: FitSize) -> Work:
    """`spectral.spectral_start`, or `dependence_start`."""
    size, pairs = fit.features, fit.n * fit.batch
    cube = size**3 * fit.batch
    by_hats = [fit.by_hats(dim) for dim in fit.dims]
    if all(by_hats):
        return Work(
            hat=3 * pairs,
            product=4 * cube,
            factorization=singular_values(size) * fit.batch,
            call=10,
        )
    work = Work(
        product=2 * pairs * size**2 + 4 * cube,
        unit=pairs * size,
        factorization=singular_values(size) * fit.batch,
        call=10,
    )
    for dim, hats in zip(fit.dims, by_hats, strict=True):
        if hats or not fit.keeps_features:
            work += _features(fit, dim)
    return work
