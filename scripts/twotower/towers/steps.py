"""Training steps of each arm, and the oracle start, for whom towers are planned without torch.

The oracle start is towers fitted to more ratings than a fit has, without their noise. The arm
`erm` fits them, with the settings of `ORACLE`, to `ORACLE_SIZES` times the ratings, or to all of
them where a study has fewer. Without noise joint training takes longer to settle
(docs/benchmarks.md, Optimizers). Each arm then trains from them as from its own start, but the
full-batch ones `ORACLE_FACTOR` times as long. The oracle knows the truth, and training has to fit
the ratings' noise before it is a minimizer of theirs. Pilot seed 2, d = 1, β = 1, n = 65,536: after
30 steps its risk is 16% below that of the start used, after 120 9%, after 240 2%; training losses
meet at 480, where both risks are higher than that of the start used.

Of clicks the oracle is fitted to the true scores of the pairs that were clicked, and an item's own
score is 0, or what a loss without correction asks for.
"""

FULL_BATCH_CLICKS = (
    "softmax_full",
    "softmax_full_raw",
    "softmax_batch",
    "softmax_batch_counted",
    "softmax_batch_raw",
    "softmax_batch_apart",
    "bpr",
)
"""Arms of clicks that take all clicks at each step."""

STEPS = {"erm": "joint_steps", "adam": "steps", "pairwise": "joint_steps", "softmax_adam": "steps"}
STEPS |= dict.fromkeys(FULL_BATCH_CLICKS, "joint_steps")
"""By arm, the key of its settings that counts steps."""

CLICK_BATCH = 256
"""Clicks that in-batch losses compare with each other, where a cell does not say."""

RENEWED_EVERY = 60
"""Evaluations after which joint training chooses its coordinates anew."""

ORACLE = {"alternations": 2, "joint_steps": 120}
ORACLE_SIZES = 4
ORACLE_FACTOR = {"erm": 4, "adam": 1, "pairwise": 4, "softmax_adam": 1}
ORACLE_FACTOR |= dict.fromkeys(FULL_BATCH_CLICKS, 4)


def certified_of(replicates: range, count: int) -> range:
    """Those of a block of replicates on which the optimization error is measured: the ones among
    the first `count` of the study.
    """
    return range(replicates.start, max(replicates.start, min(replicates.stop, count)))


def with_steps(arm: str, settings: dict, factor: int) -> dict:
    """The arm's settings with so many times the steps, for the optimization certificate."""
    return settings | {STEPS[arm]: factor * settings[STEPS[arm]]}
