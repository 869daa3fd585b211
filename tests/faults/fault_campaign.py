"""Faults at random instants of a study: `python tests/faults/fault_campaign.py --instants 50`.

Each trial runs the study in a copy of the project, does one fault to it at a random instant, then
`make resume`. The trial is survived if that one command ends well, the results are byte for byte
those of an undisturbed run, and nothing is left to do. Trials that are done are not repeated when
the command is given again; `--fresh` forgets them.
"""

import argparse
import contextlib
import json
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from fault_folder import DEADLINE, ROOT, Folder, fresh, kill_group
from fault_kinds import KINDS, mount_disk, started_with

TINY = ROOT / "workflow" / "studies" / "tiny.yaml"


@dataclass(frozen=True)
class Fault:
    """A kind of fault, the instant as a share of an undisturbed run, and a seed for the rest."""

    kind: str
    at: float
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What became of a trial: `lost` are bytes of finished results that were made again."""

    fault: str
    at: float
    note: str
    survived: bool
    problem: str
    lost: int
    seconds: float


def plan(seed: int, count: int, kinds: list[str]) -> list[Fault]:
    """Faults of each kind in turn, at instants drawn evenly; the same for the same seed."""
    rng = random.Random(seed)
    return [
        Fault(kinds[i % len(kinds)], rng.uniform(0.02, 0.98), rng.randrange(2**32))
        for i in range(count)
    ]


def undisturbed(
    place: Path,
    study: Path,
    prepare: Callable[[Path], None] = lambda folder: None,
    calm: str = sys.executable,
) -> tuple[dict[str, bytes], float]:
    """What an undisturbed run makes, and its seconds; it is run once for all trials.

    Args:
        prepare: changes the copy of the project that is run, of which trials are copies.
        calm: a Python for runs that are not disturbed.
    """
    took = place / "seconds.json"
    folder = Folder(place / "project", "study.yaml")
    if not took.exists():
        shutil.rmtree(place, ignore_errors=True)
        fresh(folder.path, study)
        prepare(folder.path)
        began = time.monotonic()
        if folder.start(python=calm).wait(DEADLINE) != 0:
            sys.exit(f"The undisturbed run failed: {folder.path / 'printed.txt'}")
        took.write_text(json.dumps(time.monotonic() - began))
    return folder.made(), json.loads(took.read_text())


def trial(
    place: Path,
    origin: Path,
    faults: list[Fault],
    reference: dict[str, bytes],
    seconds: float,
    calm: str = sys.executable,
) -> Outcome:
    """A run that meets the faults one after the other, each resumed; the last must end well."""
    mounted = any(fault.kind == "full disk" for fault in faults) and mount_disk(place)
    folder = fresh(place, origin / "study.yaml", origin, calm)
    notes = []
    try:
        for number, fault in enumerate(faults):
            before = started_with(fault.kind)
            run = folder.resume(before) if number else folder.start(before=before)
            notes.append(disturb(folder, run, fault, seconds))
        held = folder.hold()
        began = time.monotonic()
        code = folder.resume(python=calm).wait(DEADLINE)
        took = time.monotonic() - began
        problem = difference(folder, code, reference)
        lost = folder.made_again(held)
    finally:
        folder.end_all()
        if mounted:
            kept = place.with_name(f"{place.name}.copy")
            shutil.copytree(place, kept, symlinks=True)
            subprocess.run(["umount", str(place)], check=True)
            place.rmdir()
            kept.rename(place)
    kind = ", ".join(fault.kind for fault in faults)
    note = "; ".join(note for note in notes if note)
    return Outcome(kind, faults[-1].at * seconds, note, not problem, problem, lost, took)


def disturb(folder: Folder, run: subprocess.Popen, fault: Fault, seconds: float) -> str:
    """Do a fault to a run at its instant, and wait until the run has ended; returns a note."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        run.wait(fault.at * seconds)
    late = "the run had ended" if run.poll() is not None else ""
    undo = KINDS[fault.kind](folder, run, random.Random(fault.seed))
    try:
        run.wait(DEADLINE)
    except subprocess.TimeoutExpired:
        kill_group(run)
        late = "the run hung"
    if callable(undo):
        undo()
    return "; ".join(part for part in (late, "" if callable(undo) else undo) if part)


def difference(folder: Folder, code: int, reference: dict[str, bytes]) -> str:
    """How a resumed run differs from an undisturbed one; "" if it does not."""
    if code != 0:
        return f"make resume ended with {code}"
    made = folder.made()
    names = sorted(
        name for name in made.keys() | reference.keys() if made.get(name) != reference.get(name)
    )
    if names:
        return f"{len(names)} files differ, first {names[0]}"
    return "" if folder.has_nothing_to_do() else "Snakemake would run jobs again"


def table(outcomes: list[Outcome]) -> str:
    """Instants, survivals, and the cost of each kind of fault, as Markdown."""
    rows = [
        "| fault | instants | survived | bytes made again: median | most | resumed in s: median |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    kinds = [*dict.fromkeys(outcome.fault for outcome in outcomes)]
    for name in [*kinds, "all"]:
        own = [outcome for outcome in outcomes if name in ("all", outcome.fault)]
        lost = [outcome.lost for outcome in own]
        rows.append(
            f"| {name} | {len(own)} | {sum(outcome.survived for outcome in own)} "
            f"| {statistics.median(lost):,.0f} | {max(lost):,} "
            f"| {statistics.median(outcome.seconds for outcome in own):.0f} |"
        )
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--instants", type=int, default=50, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=[*KINDS], metavar="KIND")
    parser.add_argument("--study", type=Path, default=TINY)
    parser.add_argument("--folder", type=Path, help="where the copies and the outcomes go")
    parser.add_argument("--fresh", action="store_true", help="forget trials that are done")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # as Ctrl-C: clean up first
    folder = given.folder or Path(tempfile.gettempdir()) / f"tower-rates-faults-{given.seed}"
    if given.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    reference, seconds = undisturbed(folder / "undisturbed", given.study)
    print(f"An undisturbed run takes {seconds:.0f} s; copies and outcomes in {folder}", flush=True)
    done = {}
    log = folder / "outcomes.jsonl"
    for line in log.read_text().splitlines() if log.exists() else ():
        content = json.loads(line)
        done[tuple(content.pop("key"))] = Outcome(**content)
    outcomes = []
    for number, fault in enumerate(plan(given.seed, given.instants, given.kinds), start=1):
        key = (number, *asdict(fault).values())
        if key not in done:
            place = folder / f"trial-{number}"
            shutil.rmtree(place, ignore_errors=True)
            origin = folder / "undisturbed" / "project"
            done[key] = trial(place, origin, [fault], reference, seconds)
            with open(log, "a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key} | asdict(done[key])) + "\n")
            if done[key].survived:
                shutil.rmtree(place)
        outcome = done[key]
        outcomes.append(outcome)
        said = "identical" if outcome.survived else f"FAILED, {outcome.problem}: see {place}"
        print(
            f"{number}/{given.instants} {fault.kind} at {outcome.at:.1f} s: {said}; "
            f"{outcome.lost:,} bytes made again, resumed in {outcome.seconds:.0f} s"
            + (f" ({outcome.note})" if outcome.note else ""),
            flush=True,
        )
    print("\n" + table(outcomes))
    sys.exit(not all(outcome.survived for outcome in outcomes))


if __name__ == "__main__":
    main()
