"""One verdict a lemma, for the ledger, from the table that `lemmas` makes."""

import pandas as pd

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
