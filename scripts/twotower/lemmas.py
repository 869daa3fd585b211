"""The theory's lemmas, tried on random networks: one table, and one verdict each.

A violated lemma is a finding: it is a row that did not pass, never an exception.
"""

import pandas as pd

from twotower.entropy import lemma_3
from twotower.lipschitz import lemma_2
from twotower.reparametrization import lemma_1

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


_WORST = {1: "measured", 2: "ratio", 3: "ratio"}  # the column that a lemma's worst row leads
_REASONS = {
    1: lambda measured, bound, case: (
        f"re-parametrized, scores change by {measured:.1e} of the largest where rounding is "
        f"allowed {bound:.1e} ({case})"
    ),
    2: lambda measured, bound, case: (
        f"the largest measured ratio is {measured / bound:.5f} of the bound ({case})"
    ),
    3: lambda measured, bound, case: (
        f"with one logarithm removed the implied slope is {measured:.3f} where {bound:.3f} is due, "
        f"in the case that needs the most logarithms ({case})"
    ),
}


def summary(table: pd.DataFrame) -> list[dict]:
    """One dictionary a lemma, for the ledger.

    Returns:
        Keys lemma; measured, bound and case of the worst row, one that failed if any did; verdict
        ("holds" if every row passed, else "violated"); reason (one sentence, without a full stop).
    """
    result = []
    for lemma, rows in table.groupby("lemma"):
        failed = rows[~rows["passed"]]
        judged = rows if failed.empty else failed
        worst = judged.loc[judged[_WORST[lemma]].idxmax()]
        result.append(
            {
                "lemma": int(lemma),
                "measured": float(worst["measured"]),
                "bound": float(worst["bound"]),
                "case": worst["case"],
                "verdict": "holds" if failed.empty else "violated",
                "reason": f"{len(rows) - len(failed)} of {len(rows)} rows pass; "
                + _REASONS[lemma](worst["measured"], worst["bound"], worst["case"]),
            }
        )
    return result
