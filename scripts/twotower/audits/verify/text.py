"""A verification for readers: what is wrong first, the gravest first, then what holds."""

from collections import Counter

from twotower.audits.verify.findings import VERDICTS, Verdict, Verification
from twotower.base import safe_names

SHOWN = 40  # files that are named; of the others the verdicts are counted
GROUPED = 4  # so many files of one verdict and reason are told in one line


def text(found: Verification, seconds: float, every: bool = False, own: bool = False) -> str:
    """The verification in lines; with `every`, one for each file; with `own`, what to do."""
    lines = []
    if every:
        lines += [f"{each.verdict:<11}{path}" for path, each in sorted(found.files.items())]
    lines += _wrong(found.wrong())
    lines += [f"FAULT      {fault}" for fault in found.faults]
    lines += [f"note       {note}" for note in found.notes]
    counts = Counter(each.verdict for each in found.files.values())
    told = ", ".join(f"{counts[each]:,} {each}" for each in reversed(VERDICTS) if counts[each])
    lines.append(
        f"{len(found.files):,} files, {found.size / 1e6:,.1f} MB in {seconds:.1f} s: {told}"
    )
    if found.sealed_root:
        bad = found.signature.state == "bad"  # told among the faults
        signed = "no good signature" if bad else found.signature.words
        lines.append(f"root {found.sealed_root}, {signed}")
    lines.append(
        "NOT as it was made and sealed: see above." if found.failed else "All as made and sealed."
    )
    if found.failed and own:
        lines.append("`make resume` makes anew what changed, `make seal` seals it.")
    return "\n".join(safe_names.shown(line.replace("\n", "\\n")) for line in lines)


def _wrong(files: dict[str, Verdict]) -> list[str]:
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
