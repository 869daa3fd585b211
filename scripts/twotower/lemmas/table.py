"""The theory's lemmas, tried on random networks: one table (its verdicts: `lemma_verdicts`).

A violated lemma is a finding: it is a row that did not pass, never an exception.
"""

import pandas as pd

from twotower.lemmas.entropy import lemma_3
from twotower.lemmas.lipschitz import lemma_2
from twotower.lemmas.reparametrization import lemma_1

COLUMNS = [
    "lemma", "case", "depth", "width", "smoothness", "intrinsic_dim", "measured", "bound", "ratio",
    "absolute", "in_epsilons", "slope_log0", "slope_log1", "slope_log2", "log_power",
    "passed", "note",
]  # fmt: skip


def lemma_table(
    seed: int, networks: int, depths: list[int], widths: list[int], sample_sizes: list[int]
) -> pd.DataFrame:
    """Try all three lemmas.

    Args:
        seed: names the random streams.
        networks: random networks for Lemma 1, and as many for Lemma 2, spread over depths × widths.
        depths: numbers of hidden layers, each ≥ 1.
        widths: units of a hidden layer, each ≥ 1.
        sample_sizes: at least two numbers of ratings, over which Lemma 3's rate is fitted.

    Returns:
        One row a measurement. Columns: lemma (1, 2, 3), case; depth, width, smoothness and
        intrinsic_dim where they apply; measured, bound; ratio, the share of what is allowed that
        was used (a row passes at no more than 1, but for rounding); absolute and in_epsilons
        (Lemma 1: the largest change of a score in its own units, and the relative one in machine
        epsilons); slope_log0, slope_log1, slope_log2 (Lemma 3: slope of the implied risk over
        (log n)^k) and log_power (the k that the exponent needs); passed, note.

    Raises:
        ExpectedError: if networks are so deep and wide that scores overflow.
    """
    rows = [
        *lemma_1(seed, networks, depths, widths),
        *lemma_2(seed, networks, depths, widths),
        *lemma_3(seed, sample_sizes),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
