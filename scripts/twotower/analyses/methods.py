"""Other methods beside towers: ratios of their risks, and differences of their slopes."""

import pandas as pd

from twotower.analyses.cold_start import ratio_interval
from twotower.data.groups import GROUPS, PAIR_KINDS, TOWERS
from twotower.rates import curves
from twotower.rates.intervals import difference, mean_interval
from twotower.study import arms
from twotower.study.decisions import Decisions

METHOD_COLUMNS = [
    "arm", "n_ratings", "replicates", "risk", "towers_risk", "ratio", "ratio_low", "ratio_high",
    "slope", "slope_low", "slope_high", "towers_slope", "slope_difference", "difference_low",
    "difference_high", "verdict",
]  # fmt: skip
NEWCOMER_COLUMNS = [
    "arm", "group", "n_ratings", "replicates", "risk", "risk_low", "risk_high", "ratio",
    "ratio_low", "ratio_high",
]  # fmt: skip


def methods(risks: list[pd.DataFrame], rates: pd.DataFrame, decisions: Decisions) -> pd.DataFrame:
    """Each other method beside the towers (erm) of its cell.

    Args:
        risks: tables of risks, one for each experiment; a cell in several is used once.
        rates: their combined rates.
        decisions: the confidence.

    Returns:
        Columns of a cell, then `METHOD_COLUMNS`, a row for each cell and method. `ratio` is the
        method's mean risk over the towers' at the largest size, its interval that of replicates
        that share targets and ratings. `slope_difference` is the method's slope minus the
        towers', as if they were independent; NaN where one has no fit.
    """
    columns = curves.cell_columns(risks[0])
    known = {(row.cell, row.arm): row for row in rates.itertuples()}
    rows = []
    for cell, frame in _cells(risks):
        wide = _largest(frame)
        if arms.ERM not in wide:
            continue
        towers, slope = wide[arms.ERM], known[(cell, arms.ERM)]
        for arm in _present(wide):
            rate = known[(cell, arm)]
            ratio = ratio_interval(
                wide[arm].to_numpy(), towers.to_numpy(), decisions.thresholds.confidence
            )
            found = [arm, frame["n_ratings"].max(), len(wide), wide[arm].mean(), towers.mean()]
            found += [*ratio, rate.slope, rate.slope_low, rate.slope_high, slope.slope]
            found += [*difference(slope, rate), rate.verdict]
            settings = curves.settings_of(frame) | {"experiment": rate.experiment}
            rows.append(settings | dict(zip(METHOD_COLUMNS, found, strict=True)))
    return pd.DataFrame(rows, columns=[*columns, *METHOD_COLUMNS])


def newcomers(risks: list[pd.DataFrame], decisions: Decisions) -> pd.DataFrame:
    """Risks on known and on new users and items, at the largest size, of every arm.

    Args:
        risks: tables of risks, one for each experiment; a cell in several is used once.
        decisions: the confidence.

    Returns:
        Columns of a cell, then `NEWCOMER_COLUMNS`, a row for each cell whose design knows users
        and items, each arm and each group of pairs: `groups.KINDS`, then by the number of ratings
        of the user and of the item, where 0 stands for new ones beside known partners. `ratio` is
        the arm's mean risk over that of the towers (erm) in the same group, with the interval of
        replicates that share targets; NaN where the cell has no towers.
    """
    columns = curves.cell_columns(risks[0])
    confidence, rows = decisions.thresholds.confidence, []
    for _, frame in _cells(risks):
        if "new_new" not in frame or frame["new_new"].isna().all():
            continue
        for group, column in _columns():
            wide = _largest(frame, column).dropna()  # without such pairs a replicate says nothing
            for arm in _present(wide, (*arms.ORDER,)):
                risk, ratio = wide[arm].to_numpy(), (float("nan"),) * 3
                if arms.ERM in wide and arm != arms.ERM:
                    ratio = ratio_interval(risk, wide[arms.ERM].to_numpy(), confidence)
                found = [arm, group, frame["n_ratings"].max(), len(risk)]
                found += [*mean_interval(risk, confidence), *ratio]
                settings = curves.settings_of(frame)
                rows.append(settings | dict(zip(NEWCOMER_COLUMNS, found, strict=True)))
    return pd.DataFrame(rows, columns=[*columns, *NEWCOMER_COLUMNS])


def _columns() -> list[tuple[str, str]]:
    """Groups in the table's order, and the column of risks of each."""
    pairs = [(kind, kind) for kind in PAIR_KINDS[1:]]
    for tower, new in zip(TOWERS, ("new_known", "known_new"), strict=True):
        pairs.append((f"{tower}_past_0", new))
        pairs += [(name, name) for name in GROUPS if name.startswith(f"{tower}_past")]
    return [(PAIR_KINDS[0], "risk"), *pairs]


def _cells(risks: list[pd.DataFrame]):
    """Rows of the start used, by cell, of every arm once."""
    every = pd.concat(risks, ignore_index=True)
    every = every[every["start"] == "used"]
    every = every.drop_duplicates(["cell", "arm", "n_ratings", "replicate"])
    return every.groupby("cell", sort=False)


def _largest(frame: pd.DataFrame, column: str = "risk") -> pd.DataFrame:
    """A column at the largest size: a row for each replicate, a column for each arm."""
    largest = frame[frame["n_ratings"] == frame["n_ratings"].max()]
    wide = largest.pivot(index="replicate", columns="arm", values=column)
    return wide.dropna(axis=1, how="all")


def _present(wide: pd.DataFrame, of: tuple[str, ...] = arms.COMPARATORS) -> list[str]:
    return [arm for arm in of if arm in wide]
