"""Units in a hidden layer as a function of the number of ratings."""

from twotower.theory.bound import Theory


def units(width: dict, theory: Theory, n_ratings: int) -> int:
    """Width at sample size n: the fixed one, or round(constant · n^exponent).

    Args:
        width: a cell's `width` setting.
        theory: gives the exponent, d/(2β+d) for `units`, half of it for `dense`, 1 for
            `proportional`.
    """
    if width["schedule"] == "fixed":
        return width["units"]
    exponent = theory.width_exponent(width["schedule"])
    return max(1, round(width["constant"] * n_ratings**exponent))
