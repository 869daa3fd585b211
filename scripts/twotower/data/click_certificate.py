"""The certificate of a data set of clicks: do users choose as the truth says?"""

import numpy as np
import pandas as pd

from twotower.base.seeds import generator
from twotower.data.catalogue import Catalogue
from twotower.data.ratings import draw_side
from twotower.data.targets import Target

_ASKED_USERS, _ASKED_CLICKS = 4, 8192
_FEWEST_EXPECTED = 5.0  # clicks in a bin of the chi-square test
_MOST_SD = 5.0


def certificate(
    seed: int, spec: dict, targets: dict[int, Target], catalogues: dict[int, Catalogue]
) -> pd.DataFrame:
    """Do users choose as the truth says? Rows as of `certificate.certificate`.

    A few fresh users of each replicate click many times. Pearson's chi-square of the counts, items
    of few expected clicks in one bin, less its degrees of freedom and over its standard deviation,
    must not exceed 5.
    """
    rows = []
    for replicate, target in targets.items():
        items = catalogues[replicate]
        place = (seed, spec, target, replicate)
        users = draw_side(*place, "user", _ASKED_USERS, "asked")[2]
        rng = generator(seed, spec, "asked", replicate)
        for user, law in zip(users, np.exp(items.log_law(users)), strict=True):
            chosen = items.choose(np.tile(user, (_ASKED_CLICKS, 1)), rng.random(_ASKED_CLICKS))
            measured = _excess(np.bincount(chosen, minlength=len(law)), law)
            passed = abs(measured) <= _MOST_SD
            rows.append((replicate, "item", "choices", 0.0, measured, _MOST_SD, passed))
    columns = ["replicate", "tower", "check", "expected", "measured", "tolerance", "passed"]
    return pd.DataFrame(rows, columns=columns)


def _excess(counts: np.ndarray, law: np.ndarray) -> float:
    order = np.argsort(law, kind="stable")
    expected = counts.sum() * law[order]
    # the rarest items share a bin, with as many more as bring it to what a bin needs
    rare = int((expected < _FEWEST_EXPECTED).sum())
    total = np.cumsum(expected)
    while 0 < rare < len(law) and total[rare - 1] < _FEWEST_EXPECTED:
        rare += 1
    kept = np.arange(len(law)) >= rare
    seen, due = (np.append(e[kept], e[~kept].sum()) for e in (counts[order], expected))
    seen, due = seen[due > 0], due[due > 0]
    freedom = max(len(seen) - 1, 1)
    return float(((seen - due) ** 2 / due).sum() - freedom) / (2.0 * freedom) ** 0.5
