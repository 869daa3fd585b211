"""Environments of jobs against one another, against the pins, and against the lock file."""

from collections import defaultdict
from typing import Any

from twotower.audits.verify.evidence import NO_RECORD, Evidence
from twotower.audits.verify.findings import Verification, several
from twotower.base import pins
from twotower.records import environment, packages, startup
from twotower.records.environment import STEADY, STREAM

SHOWN = 3  # values that differ, of one environment


def check(evidence: Evidence, result: Verification) -> None:
    """Give verdicts on files that were made in no environment that is known, or in another one."""
    users = _users(evidence, result)
    for name, found in evidence.environments.items():
        if found is None:
            path = (environment.ENVIRONMENTS / f"{name}.json").as_posix()
            result.add(path, "FORGED", NO_RECORD)
    of_runs = {run["environment"] for run in evidence.runs.values() if run}
    if unused := sorted(evidence.environments.keys() - users.keys() - of_runs):
        result.notes.append(f"environment {several(unused)}: no job and no run that is here had it")
    known = {name: evidence.environments[name] for name in users if evidence.environments[name]}
    for name, found in known.items():
        told = f"environment {name} of {several(users[name])}"
        wrong = _against_pins(found) + _against_lock(evidence, found) + _against_known(found)
        result.faults += [f"{told}: {reason}" for reason in wrong]
        if "startup" not in found:
            result.notes.append(
                f"{told}: an older one, which does not say what ran as Python started"
            )
        elif others := startup.told(found["startup"], packaged=True):
            result.notes.append(
                f"{told}: as Python started, packages that no lock pins ran {others}"
            )
    if not known:
        return
    _check_cards(evidence, known, result)
    usual = max(sorted(known), key=lambda name: len(users[name]))
    for name, found in known.items():
        lines = environment.differences(_steady(known[usual]), _steady(found))
        if lines:
            more = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
            told = "; ".join(lines[:SHOWN] + more)
            for path in users[name]:
                result.add(path, "DEVIATING", f"made in another environment than most: {told}")
        lines = environment.differences(_loose(known[usual]), _loose(found))
        if lines:
            told = f"environment {name} of {several(users[name])} differs in parts that may differ"
            result.notes.append(f"{told}: {'; '.join(lines[:SHOWN])}")


def _check_cards(evidence: Evidence, known: dict[str, dict], result: Verification) -> None:
    """Whether all jobs of a rule used a graphics card, or none did: which one may differ."""
    rules: dict[str, dict[bool, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path, record in sorted(evidence.records.items()):
        if record and (found := known.get(record.get("environment"))):
            rules[record["rule"]][bool(found["gpus"])].append(path)
    for rule, used in rules.items():
        fewer = min(used, key=lambda each: (len(used[each]), not each))
        for path in used[fewer] if len(used) > 1 else ():
            told = "with a graphics card" if fewer else "without a graphics card"
            result.add(path, "DEVIATING", f"made {told}, unlike most of the rule {rule}")


def _users(evidence: Evidence, result: Verification) -> dict[str, list[str]]:
    """By environment, the files that were made in it; those of unknown ones get their verdict."""
    users: dict[str, list[str]] = defaultdict(list)
    lost: dict[str, list[str]] = defaultdict(list)
    for path, record in sorted(evidence.records.items()):
        name = record.get("environment") if record else None
        if name in evidence.environments:
            users[name].append(path)
        elif record is not None and name is None:
            result.add(path, "UNRECORDED", "its record names no environment")
        elif record is not None:
            lost[name].append(path)
    for name, paths in lost.items():
        place = (environment.ENVIRONMENTS / f"{name}.json").as_posix()
        result.add(place, "MISSING", f"the environment of {several(paths)}")
    return users


def _against_pins(found: dict) -> list[str]:
    """What differs from the pins that the library sets."""
    wrong = [
        f"{name} was {found['pins'].get(name) or 'not set'}, the pin is {value}"
        for name, value in pins.PINS.items()
        if found["pins"].get(name) != value
    ]
    if found["threads"] != 1:
        wrong.insert(0, f"numerical libraries used {found['threads']} threads, the pin is 1")
    return wrong


def _against_lock(evidence: Evidence, found: dict) -> list[str]:
    """Packages that were of another version than the lock file names, or missing."""
    lock = evidence.project / environment.LOCK
    wanted = packages.pins(lock) if lock.is_file() else {}
    had = {name: package["version"] for name, package in found["packages"].items()}
    had |= found["beside"]
    wrong = [
        f"{name} was {had[name]}, {environment.LOCK} names {version}"
        if name in had
        else f"{name} was not installed, {environment.LOCK} names {version}"
        for name, version in wanted.items()
        if had.get(name, "").split("+")[0] != version.split("+")[0]
    ]
    unpinned = sorted(found["packages"].keys() - wanted.keys())
    return wrong + [f"{name} was pinned, {environment.LOCK} does not name it" for name in unpinned]


def _against_known(found: dict) -> list[str]:
    """Another random stream than the known one; and what ran that no package has brought."""
    wrong = []
    if found["stream"] != STREAM:
        begins = " ".join(map(str, found["stream"][:1])) or "nothing"
        wrong.append(f"its random stream begins with {begins}, the known one with {STREAM[0]}")
    if others := startup.told(found.get("startup", {})):
        wrong.append(f"besides the packages of the lock there ran {others}")
    return wrong


def _steady(found: dict) -> dict[str, Any]:
    return {key: found.get(key) for key in STEADY}


def _loose(found: dict) -> dict[str, Any]:
    """What may differ between the jobs of a study."""
    return {key: found[key] for key in ("platform", "cpu", "beside", "gpus")}
