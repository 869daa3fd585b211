"""What a verification finds: a verdict for each file, faults beyond single files; as text."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from twotower.audits.seal.signatures import Signature
from twotower.audits.verify.evidence import Evidence
from twotower.base import safe_names

VERDICTS = ("FORGED", "MISSING", "CHANGED", "UNREAD", "UNRECORDED", "EXTRA", "DEVIATING", "STALE",
            "LEFT OUT", "OK")  # fmt: skip
"""The gravest first.

FORGED: a file agrees with its own record, but not with what others recorded of it or sealed; or a
record, or the seal, contradicts itself. MISSING: sealed, recorded or read by a job, and not there.
CHANGED: other bytes than were sealed or recorded. UNREAD: it cannot be read, or is none to be read:
no ordinary file, or holes for the most part. UNRECORDED: a result without a valid record.
EXTRA: not sealed. DEVIATING: made in another environment than the rest. STALE: as it was made, but
by other code or rules than are there. LEFT OUT: missing, of a kind that the reader does not
expect. OK: none of these.
"""
SOUND = ("LEFT OUT", "OK")
SHOWN = 40  # files that are named; of the others the verdicts are counted
GROUPED = 4  # so many files of one verdict and reason are told in one line


@dataclass
class FileVerdict:
    """One of VERDICTS on a file, and every reason for it in words."""

    verdict: str = "OK"
    reasons: list[str] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """All reasons as one text; empty if all is well."""
        return "; ".join(self.reasons)


@dataclass
class Verification:
    """What is known of a folder and its project after every file has been read.

    Attributes:
        files: the verdict on each file that is sealed, recorded or there.
        faults: what is wrong beyond single files, in words.
        notes: what an auditor should know, though it is no fault.
        run: which study was run, with which values of --config and which targets, and how much of
            it there is; "" if it is not known.
        signature: of the manifest.
        sealed_root: the root that the manifest states; "" without a manifest.
        noted: whether the reader had noted this root.
        root: the root of the files as they are; "" without a manifest.
        size: bytes that were read.
        began: when the job of a result began, in seconds since 1970, by Snakemake's note of it.
        evidence: all that was looked at, for those who go on with it.
    """

    files: dict[str, FileVerdict] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    run: str = ""
    signature: Signature = field(default_factory=lambda: Signature("none", "not signed"))
    sealed_root: str = ""
    noted: bool = False
    root: str = ""
    size: int = 0
    began: dict[str, float] = field(default_factory=dict)
    evidence: Evidence | None = None

    @property
    def failed(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.faults) or any(each.verdict not in SOUND for each in self.files.values())

    def add(self, path: str, verdict: str, reason: str) -> None:
        """Give a file a verdict; the gravest of several stays, and all reasons."""
        found = self.files.setdefault(path, FileVerdict())
        if VERDICTS.index(verdict) < VERDICTS.index(found.verdict):
            found.verdict = verdict
        if reason and reason not in found.reasons:
            found.reasons.append(reason)

    def wrong(self) -> dict[str, FileVerdict]:
        """The files whose verdict is not one of SOUND, the gravest first, then by path."""
        rows = [(path, each) for path, each in self.files.items() if each.verdict not in SOUND]
        return dict(sorted(rows, key=lambda row: (VERDICTS.index(row[1].verdict), row[0])))


def several(paths: Iterable[str]) -> str:
    """Paths as a text that names one of them, no timing file if there is another."""
    first, *more = sorted(paths, key=lambda path: (path.startswith("results/benchmarks/"), path))
    return f"{first} and {len(more):,} more" if more else first


def text(found: Verification, seconds: float, every: bool = False, own: bool = False) -> str:
    """The verification in lines; with `every`, one for each file; with `own`, what to do."""
    lines = []
    if every:
        lines += [f"{each.verdict:<11}{path}" for path, each in sorted(found.files.items())]
    lines += _wrong(found.wrong())
    lines += [f"FAULT      {fault}" for fault in found.faults]
    lines += [f"note       {note}" for note in found.notes]
    lines += [f"run        {found.run}"] if found.run else []
    counts = Counter(each.verdict for each in found.files.values())
    told = ", ".join(f"{counts[each]:,} {each}" for each in reversed(VERDICTS) if counts[each])
    lines.append(
        f"{len(found.files):,} files, {found.size / 1e6:,.1f} MB in {seconds:.1f} s: {told}"
    )
    if found.sealed_root:
        bad = found.signature.state == "bad"  # told among the faults
        signed = "no good signature" if bad else found.signature.words
        noted = "as noted" if found.noted else "not compared with a noted one (ROOT=)"
        lines.append(f"root {found.sealed_root}, {noted}; {signed}")
    lines.append(
        "NOT as it was made and sealed: see above." if found.failed else "All as made and sealed."
    )
    if found.failed and own:
        lines.append("`make resume` makes anew what changed, `make seal` seals it.")
    return "\n".join(safe_names.shown(line.replace("\n", "\\n")) for line in lines)


def _wrong(files: dict[str, FileVerdict]) -> list[str]:
    """The files on which the verdict is not OK; many of one reason in one line."""
    groups: dict[tuple[str, str], list[str]] = {}
    for path, each in files.items():
        groups.setdefault((each.verdict, each.reason), []).append(path)
    lines = []
    for (verdict, reason), paths in groups.items():
        if len(paths) > GROUPED:
            more = f"{paths[0]} and {len(paths) - 1:,} more"
            lines.append(f"{verdict:<11}{more}: {reason}")
        else:
            lines += [f"{verdict:<11}{path}: {reason}" for path in paths]
    more = [f"and {len(lines) - SHOWN:,} more lines; --all names every file"]
    return lines[:SHOWN] + (more if len(lines) > SHOWN else [])
