"""The predicted cost of a run on real ratings, as text to read before it starts."""

from twotower.base import words
from twotower.cost.report import StudyCost, shown, table
from twotower.data.ratings_size import RatingsSize


def report(source: str, size: RatingsSize, made: StudyCost, splits: int, budget: int) -> str:
    """The size of the data, a line for each rule, then what the whole run takes."""
    longest = made.longest()
    return "\n".join(
        [
            f"Real ratings, {source}: about {size.ratings:,.0f} ratings, "
            f"{splits} splits of each kind, {budget} settings tried",
            "",
            *table(made),
            "",
            f"{summary(made)}; a core here takes {made.pace:.2f} times as long as one of the "
            "reference machine.",
            f"Longest job: {longest.rule} {longest.about}".rstrip()
            + f", {shown(made.seconds([longest]))}.",
            "These are predictions for a run from nothing; they may be wrong by a factor of 2.",
        ]
    )


def summary(made: StudyCost) -> str:
    """Such as "3 h of core time, 90 min on 2 cores, 1.4 GB at most in a job"."""
    most = max(job.memory for job in made.listed)
    cores = words.count(made.cores, "core")
    times = f"{shown(made.seconds())} of core time, {shown(made.wall_seconds())} on {cores}"
    return f"{times}, {most / 1e9:.1f} GB at most in a job"
