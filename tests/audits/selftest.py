"""Plant every cheat in a copy of a finished study, and see who names it: `make audit-selftest`.

Prints a table, and ends with 1 if a cheat is missed or an untouched copy is under suspicion.
`python selftest.py [--finished FOLDER] [--markdown] [NAME …]`: FOLDER keeps the finished study, to
be used again.
"""

import argparse
import itertools
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import commands
from cheats import CHEATS, Cheat
from forging import SIGNERS, Forgery, copied, finished
from twotower.audits.compare.rungs import Rung
from twotower.audits.rerun import audit, jobs, options
from twotower.audits.rerun import sample as audit_sample
from twotower.audits.rerun.verdicts import Reproduction
from twotower.audits.seal import manifest
from twotower.audits.verify import verification


@dataclass(frozen=True)
class Outcome:
    """What came of a cheat: whether it was named as it must be, and what was said of it."""

    named: bool
    said: str


def caught_by_verify(study: Forgery, cheat: Cheat | None, path: str, root: str) -> Outcome:
    """Whether verify finds a cheat, and names its file with the words that it must say.

    Without a cheat, whether it finds nothing, whatever was noted.
    """
    noted = ("signers", "root") if cheat is None else cheat.noted
    signers = study.folder / SIGNERS if "signers" in noted else None
    found = verification.verify(study.folder, signers, root if "root" in noted else None)
    if cheat is None:
        return Outcome(not found.failed, "; ".join([*found.wrong(), *found.faults]))
    if path:
        each = found.files.get(path)
        said = f"{each.verdict}: {each.reason}" if each else "nothing of it"
    else:
        said = "; ".join(found.faults)
    words = cheat.caught_by["verify"]
    return Outcome(found.failed and words in said and not said.startswith("OK"), said)


def caught_by_audit(study: Forgery, cheat: Cheat | None, path: str, root: str) -> Outcome:
    """Whether a sampled audit, whose draw holds the job of the file, finds a cheat and names it.

    Without a cheat, whether all that it reruns comes out as it was.
    """
    graph = jobs.graph(study.folder)
    job = graph.jobs.get(graph.maker.get(path, ""))
    size, nonce = (1, drawing(study, path)) if not path or job and not job.always else (0, "")
    env, project = Path(sys.prefix), study.folder
    asked = options.Asked(study.folder, size, nonce, env, project=project)
    found = audit.audit(asked, lambda line: None)
    told = [f"{name}: {each.rung.words}: {each.detail}" for name, each in found.outcomes.items()
            if each.rung not in (None, Rung.BYTES)]  # fmt: skip
    said = "; ".join([str(found.verdict), *told])
    if cheat is None:
        return Outcome(found.verdict == Reproduction.IDENTICAL and not told, said)
    words = cheat.caught_by["audit"]
    if job is None:  # no job is known any more that would have made it
        said = found.tampered.get(path, said)
        return Outcome(found.verdict == Reproduction.TAMPERED and words in said, said)
    first = next((each.diverged for each in found.claims if each.diverged), job.name)
    named = found.outcomes[job.name].rung == Rung.DIFFERENT and first == job.name
    return Outcome(named and str(found.verdict) == words and not found.tampered, said)


def drawing(study: Forgery, path: str) -> str:
    """A nonce by which a sample of one job is the one that made a file; any without a file."""
    graph, root = jobs.graph(study.folder), manifest.read(study.folder).root
    names = [name for name, job in graph.jobs.items() if not job.always]
    wanted = graph.maker.get(path, "")
    for nonce in map(str, range(10**6)):
        if not wanted or audit_sample.draw(names, 1, root, nonce) == [wanted]:
            return nonce
    raise AssertionError(f"{path} is never drawn")


def caught_by_command(catcher: str) -> Callable[[Forgery, Cheat | None, str, str], Outcome]:
    """Whether a command finds a cheat and says the words; none without a cheat."""

    def caught(study: Forgery, cheat: Cheat | None, path: str, root: str) -> Outcome:
        if cheat is None and catcher not in ("clone", "told"):
            return Outcome(True, "")  # their own tests have untouched ones
        ended, said = commands.said_by(study, catcher if cheat else "clone")
        if cheat is None:
            return Outcome(not ended, said)
        found = [line for line in said.splitlines() if cheat.caught_by[catcher] in line]
        return Outcome(ended and found != [], found[0] if found else said)

    return caught


CATCHERS: dict[str, Callable[[Forgery, Cheat | None, str, str], Outcome]] = {
    "verify": caught_by_verify,
    **{name: caught_by_command(name) for name in commands.COMMANDS},
    "audit": caught_by_audit,
}
"""By name, who may catch a cheat; `caught_by` of a cheat names them."""


def tried(cheat: Cheat, catcher: str, origin: Forgery, place: Path) -> Outcome:
    """Plant a cheat in a copy of a finished study, and see whether a catcher names it."""
    root = manifest.read(origin.folder).root
    study = copied(origin, place)
    if catcher in commands.COMMANDS:
        commands.trusted(study)  # a cheat may spoil the git that it is cloned from
    return CATCHERS[catcher](study, cheat, cheat.act(study), root)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of cheats; all without any")
    parser.add_argument("--finished", type=Path, help="keep the finished study there")
    parser.add_argument(
        "--markdown", action="store_true", help="the table of docs/audits-cheats.md alone"
    )
    given = parser.parse_args()
    if given.markdown:
        print(markdown())
        return 0
    chosen = [each for each in CHEATS if not given.names or each.name in given.names]
    with tempfile.TemporaryDirectory() as temporary:
        place = given.finished or Path(temporary, "finished")
        origin = Forgery(place) if place.is_dir() else finished(place)
        return report(chosen, origin, Path(temporary))


def report(chosen: list[Cheat], origin: Forgery, room: Path) -> int:
    """Try the cheats and print what came of each; 1 if any is missed or an alarm is false."""
    missed = 0
    for catcher, catch in CATCHERS.items():
        if not any(catcher in each.caught_by for each in chosen):
            continue
        untouched = copied(origin, room / "untouched")
        alarm = catch(untouched, None, "", manifest.read(origin.folder).root)
        shutil.rmtree(untouched.folder)
        missed += not alarm.named
        said = "no alarm" if alarm.named else f"FALSE ALARM: {alarm.said}"
        print(f"{catcher:<11}{'untouched':<32}{said}", flush=True)
        for each in chosen:
            if catcher not in each.caught_by:
                continue
            outcome = tried(each, catcher, origin, room / "copy")
            shutil.rmtree(room / "copy")
            missed += not outcome.named
            said = outcome.said if outcome.named else f"MISSED, it said: {outcome.said}"
            print(f"{catcher:<11}{each.name:<32}{said[:200]}", flush=True)
    count = sum(catcher in each.caught_by for each in chosen for catcher in CATCHERS)
    print(f"{count} cheats tried, {missed} missed or falsely alarmed.")
    return 1 if missed else 0


def markdown() -> str:
    """The tables of cheats for docs/audits-cheats.md, one for each module of them."""
    parts = []
    for module, cheats in itertools.groupby(CHEATS, lambda each: each.act.__module__):
        title = re.split("[:.]", sys.modules[module].__doc__ or "")[0]
        lines = [f"## {title}", "", "| cheat | caught by | words |", "| --- | --- | --- |"]
        for each in cheats:
            noted = {"signers": "signature", "root": "noted root"}
            commanded = (commands.TOLD.get(name, name) for name in each.caught_by)
            by = ", ".join([*commanded, *(noted[name] for name in each.noted)])
            words = "; ".join(f"“{words}”" for words in each.caught_by.values())
            lines.append(f"| {each.told.rstrip('.')} | {by} | {words} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
