"""The last rung before different: do other seeds give numbers like those that were recorded?

What was recorded is one draw. Fresh seeds give others, and it must lie within the prediction
interval of one more draw: mean ± t sd √(1 + 1/k) of k seeds, with Student's t of k − 1 degrees of
freedom, at the declared confidence over all numbers of a claim together (Bonferroni).
"""

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import t as student

from twotower.audits.rerun import clone as audit_clone
from twotower.audits.rerun import sample as audit_sample
from twotower.audits.rerun import verdicts as audit_verdicts
from twotower.audits.rerun.clone import Clone
from twotower.audits.rerun.verdicts import LEDGER
from twotower.base.errors import ExpectedError
from twotower.study.decisions import Claim


class SeedsError(ExpectedError):
    """So few fresh seeds cannot refute anything; the message says how many can."""


def seeds(count: int, root: str, nonce: str, used: int) -> list[int]:
    """Seeds that nobody chose: the first digits of SHA-256 of the draw's key and a number."""
    key, found, number = audit_sample.key(root, nonce), [], 0
    while len(found) < count:
        drawn = hashlib.sha256(key + f"seed {number}".encode()).digest()
        number += 1
        seed = int.from_bytes(drawn[:4], "big") % 10**6
        if seed != used and seed not in found:
            found.append(seed)
    return found


def run(clone: Clone, recorded: dict, chosen: Sequence[int], work: Path, log: Path) -> list[Path]:
    """Run the study with each seed; returns the folders of those that came to an end."""
    ended = []
    for seed in chosen:
        place = work / f"seed-{seed}"
        options = audit_clone.study_options(recorded, seed=seed)
        if audit_clone.snakemake(clone, place, recorded["targets"], options, log) == 0:
            ended.append(place)
    return ended


def agrees(
    row: dict, claim: Claim | None, recorded: Path, fresh: Sequence[Path], confidence: float
) -> tuple[bool, str]:
    """Whether a claim as recorded is like those of fresh seeds, and in words what is not.

    Args:
        row: of the recorded ledger.
        recorded, fresh: folders that hold results/.
        confidence: of the prediction intervals of all its numbers together.
    """
    ledgers = [_claim(folder, row["claim"]) for folder in fresh]
    verdicts = {ledger["verdict"] for ledger in ledgers}
    if row["verdict"] not in verdicts:
        return False, f"with fresh seeds the verdict is {' or '.join(sorted(verdicts))}"
    was, draws = _slopes(recorded, claim), [_slopes(folder, claim) for folder in fresh]
    was["the ledger's number"] = _number(row["measured"])
    for draw, ledger in zip(draws, ledgers, strict=True):
        draw["the ledger's number"] = _number(ledger["measured"])
    was = {key: value for key, value in was.items() if math.isfinite(value)}
    for key, value in was.items():
        others = np.array([draw.get(key, math.nan) for draw in draws])
        low, high = interval(others[np.isfinite(others)], 1 - (1 - confidence) / len(was))
        if not low <= value <= high:
            told = f"{key}: {value:.4g}, fresh seeds give {low:.4g} to {high:.4g}"
            return False, told
    return True, f"{len(was)} numbers are as those of {len(fresh)} fresh seeds"


def interval(draws: np.ndarray, confidence: float) -> tuple[float, float]:
    """The interval in which one more draw is due; all numbers if fewer than two are known."""
    if len(draws) < 2:
        return -math.inf, math.inf
    spread = float(draws.std(ddof=1)) * math.sqrt(1 + 1 / len(draws))
    half = float(student.ppf((1 + confidence) / 2, len(draws) - 1)) * spread
    return float(draws.mean()) - half, float(draws.mean()) + half


def check_count(count: int, least: int) -> None:
    """Refuse numbers of seeds that could refute nothing."""
    if count < least:
        raise SeedsError(
            f"FRESH_SEEDS={count}: workflow/audit.yaml asks for {least} or more; with fewer, the "
            "interval is too wide to refute anything"
        )


def _claim(folder: Path, name: object) -> dict:
    ledger = pd.read_csv(folder / LEDGER, dtype={"claim": str})
    return audit_verdicts.rows(ledger[ledger["claim"] == str(name)])[0]


def _slopes(folder: Path, claim: Claim | None) -> dict[str, float]:
    """The slopes of a claim's experiments, of all where it names none, by cell and arm."""
    names = claim.experiments if claim else ()
    found = {}
    for path in sorted((folder / "results" / "rates").glob("*/rates.csv")):
        if names and path.parent.name not in names:
            continue
        for row in pd.read_csv(path).to_dict("records"):
            label = f"slope of cell {row.get('cell')}, {row.get('arm')}"
            found[label] = _number(row.get("slope"))
    return found


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan
