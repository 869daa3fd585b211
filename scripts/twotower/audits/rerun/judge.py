"""The last step of an audit: from compared jobs to verdicts on claims."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd

from twotower.audits.compare.tolerances import Statistical
from twotower.audits.rerun import seeds, verdicts
from twotower.audits.rerun.clone import Clone
from twotower.audits.rerun.findings import PLACE, Audit
from twotower.audits.rerun.run import UNEXPLAINED
from twotower.audits.rerun.verdicts import LEDGER, Reproduction
from twotower.records import environment
from twotower.study import decisions
from twotower.study.decisions import Claim

_TEXTS = ["claim", "statement", "verdict", "result", "figure"]
_MOST_BYTES = 50_000_000  # of a ledger, which has a row for each claim


def judge(found: Audit, clone: Clone, places: dict[str, Path], relative: float) -> None:
    """Give a verdict on each claim that the study tests, with what differs in the environments.

    Args:
        places: of each rerun job, the folder where it was rerun.
        relative: the declared tolerance of tables.
    """
    folder, lines = found.asked.folder, _differences(found, places)
    explained = verdicts.explained(found.graph, lines, found.asked.sample is None)
    for name in lines.keys() - explained:
        found.outcomes[name].hold()
    ledger = _ledger(folder)
    if ledger is None:
        found.notes.append(f"{LEDGER}: missing, or not the table that a study writes: no claims")
        return
    maker = found.graph.maker.get(LEDGER, "")
    again = _ledger(places[maker]) if maker in places else None
    evidence = found.graph, found.outcomes, found.verified
    found.claims = verdicts.judge(ledger, again, _claims(clone), *evidence, relative, explained)
    tested = {claim.claim for claim in found.claims}
    found.untested = [name for name in ledger["claim"].astype(str) if name not in tested]
    for claim in found.claims:
        told = (line for name in claim.jobs for line in lines.get(name, ()))
        claim.differences = list(dict.fromkeys(told))


def _differences(found: Audit, places: dict[str, Path]) -> dict[str, list[str]]:
    """By rerun job, what differs between its environment and that of the rerun, in words."""
    read, known = cache(environment.read), found.verified.evidence.environments
    differ = {}
    for name, outcome in found.outcomes.items():
        if outcome.environment is None or name not in places:
            continue
        was, now = found.graph.jobs[name].record.get("environment"), outcome.environment
        recorded, again = known.get(was), read(now, places[name])
        if was == now:
            differ[name] = []
        elif recorded is None or again is None:
            differ[name] = ["the recorded environment is missing or damaged"]
        else:
            differ[name] = environment.differences(recorded, again)
    return differ


def try_seeds(
    found: Audit, clone: Clone, work: Path, declared: Statistical, say: Callable[[str], None]
) -> None:
    """Ask fresh seeds about claims that differ, where the environments may explain it."""
    different = [claim for claim in found.claims if claim.verdict == Reproduction.DIFFERENT]
    held = {name for name, outcome in found.outcomes.items() if UNEXPLAINED in outcome.detail}
    explained = [
        claim
        for claim in different
        if verdicts.explain(claim.differences) and held.isdisjoint(claim.jobs)
    ]
    for claim in different:
        if claim not in explained:
            told = "" if UNEXPLAINED in claim.why else f"; {UNEXPLAINED}"
            claim.why += f"{told}, so other seeds do not count"
    if not explained:
        return
    asked, used = found.asked, found.run["study"]["content"].get("seed", 0)
    chosen = seeds.seeds(asked.fresh_seeds, found.root, asked.nonce, used)
    say(f"Running the study with the seeds {', '.join(map(str, chosen))} ...")
    fresh = seeds.run(clone, found.run, chosen, work, asked.folder / PLACE / "rerun.log")
    if len(fresh) < declared.least_seeds:
        found.notes.append(f"of {len(chosen)} runs with fresh seeds {len(fresh)} came to an end")
        return
    claims = _claims(clone)
    ledger = verdicts.rows(_ledger(asked.folder))
    rows = {str(row["claim"]): row for row in ledger}
    for claim in explained:
        row, rule = rows[claim.claim], claims.get(claim.claim)
        agrees, told = seeds.agrees(row, rule, asked.folder, fresh, declared.confidence)
        claim.why += f"; {told}"
        claim.statistical = agrees
        claim.verdict = Reproduction.WITHIN_TOLERANCE if agrees else Reproduction.DIFFERENT


def _claims(clone: Clone) -> dict[str, Claim]:
    """The claims of the recorded commit's decisions, by id."""
    rules = decisions.load(clone.folder / "workflow" / "decisions.yaml")
    return {claim.id: claim for claim in rules.claims}


def _ledger(folder: Path) -> pd.DataFrame | None:
    """The ledger of claims below a folder; None if it is missing or something else."""
    try:
        if (folder / LEDGER).stat().st_size > _MOST_BYTES:
            return None
        ledger = pd.read_csv(folder / LEDGER, dtype=dict.fromkeys(_TEXTS, str))
        return None if ledger[_TEXTS]["claim"].duplicated().any() else ledger
    except (OSError, ValueError, KeyError):
        return None
