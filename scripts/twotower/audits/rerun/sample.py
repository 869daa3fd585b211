"""Which jobs an audit reruns, drawn by a rule that nobody can steer, and what a sample misses.

The draw is keyed by H(root ‖ nonce): the root is fixed when the results are sealed, the nonce is
the auditor's, named after that. Who made the results cannot foresee the draw, who audits them
cannot bend it, and anybody can repeat it with a SHA-256.
"""

import hashlib
import math
from collections.abc import Iterable

from twotower.base import words

BAD = (1, 2, 5, 10)
"""Numbers of bad jobs whose chance to be missed is told; beside them `BAD_SHARE`."""
BAD_SHARE = 0.05


def key(root: str, nonce: str) -> bytes:
    """H(root ‖ nonce), 32 bytes: the SHA-256 of the root's 32 bytes and the nonce in UTF-8.

    Args:
        root: of the seal, 64 hexadecimal digits.
        nonce: any text.
    """
    return hashlib.sha256(bytes.fromhex(root) + nonce.encode("utf-8")).digest()


def draw(names: Iterable[str], size: int, root: str, nonce: str) -> list[str]:
    """A sample without replacement: the names whose SHA-256(key ‖ name) are the smallest.

    It depends on no order of the names, and a larger sample holds the smaller one.

    Returns:
        Sorted names; all of them where `size` is as large as their number.
    """
    if size < 0:
        raise ValueError(f"no sample of {size} jobs")
    drawn = key(root, nonce)

    def place(name: str) -> bytes:
        return hashlib.sha256(drawn + name.encode("utf-8")).digest()

    return sorted(sorted(set(names), key=place)[:size])


def miss_probability(jobs: int, bad: int, size: int) -> float:
    """How likely a sample misses all bad jobs: C(jobs − bad, size) / C(jobs, size).

    The hypergeometric probability of none, exact up to the last division.
    """
    if not 0 <= bad <= jobs or not 0 <= size <= jobs:
        raise ValueError(f"no sample of {size} from {jobs} jobs of which {bad} are bad")
    return math.comb(jobs - bad, size) / math.comb(jobs, size)


def misses(jobs: int, size: int) -> dict[int, float]:
    """The probability of a miss for 1, 2, 5, 10 and 5% bad jobs, as far as there are so many."""
    counts = {bad for bad in BAD if bad <= jobs}
    if jobs:
        counts.add(math.ceil(BAD_SHARE * jobs))
    return {bad: miss_probability(jobs, bad, size) for bad in sorted(counts)}


def told(jobs: int, size: int) -> str:
    """The misses in one sentence."""
    if not jobs:
        return "There are no jobs to draw from."
    share = math.ceil(BAD_SHARE * jobs)
    parts = []
    for bad, chance in misses(jobs, size).items():
        which = words.count(bad, "bad job") + (" (5%)" if bad == share else "")
        parts.append(f"{which} {shown(chance)}")
    return f"A sample of {size} from {jobs} jobs misses all of " + ", ".join(parts) + "."


def shown(chance: float) -> str:
    """A probability in percent, with two digits where it is small."""
    if chance in (0.0, 1.0):
        return f"{chance:.0%}"
    if chance < 1e-6:
        return "below 0.0001%"
    return f"{100 * chance:.2g}%" if chance < 0.995 else f"{100 * chance:.4g}%"
