"""The check of a crate for readers: what is wrong first, then what the crate does not hold."""

import shlex
from pathlib import Path

from twotower.audits.crate_check.check import METADATA, Check
from twotower.base import safe_names

SHOWN = 5  # given files that are named; of more the number is told


def text(found: Check, folder: Path) -> str:
    """The check of the crate in a folder, in lines."""
    lines = [f"{path}: {fault}" for path, fault in sorted(found.faults.items())]
    if found.left_out:
        lines += _left_out(found.left_out, shlex.quote(str(folder)))
    if found.given:
        more = len(found.given) - SHOWN
        told = ", ".join(sorted(found.given)[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")
        lines.append(f"given to the run, and not part of the crate: {told}")
    if not found.is_sealed:
        lines.append(
            "no seal, and no trace of tower-rates: a file and what the graph says of it, changed "
            f"together, are not found; {len(found.described):,} described and not held"
        )
    if found.made:
        what = "not looked at, as no part of the crate; `make` in this folder may run what is there"
        lines.append(f"{what}: {', '.join(found.made)}")
    whom = "graph and seal say" if found.is_sealed else "the graph says"
    size = f"{_several(found.files, 'file')}, {found.bytes / 1e6:,.1f} MB"
    count = len(found.faults)
    if count:
        lines.append(f"NOT as {whom}: {_several(count, 'fault')}, see above; {size} are")
    else:
        gone = sum(gone for gone, _ in found.left_out.values())
        lines.append(f"{size}, all as {whom}" + (f"; {gone:,} left out, see above" if gone else ""))
    lines.append(f"{METADATA}: SHA-256 {found.metadata}")
    return "\n".join(safe_names.shown(line.replace("\n", "\\n")) for line in lines)


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _left_out(counts: dict[str, tuple[int, int]], folder: str) -> list[str]:
    """What is left out, and how such a crate is verified; partly left out is told as such."""
    parts = [
        f"{gone:,} {kind}" if gone == every else f"{gone:,} of {every:,} {kind}"
        for kind, (gone, every) in counts.items()
    ]
    how = f'`make verify FOLDER={folder} WITHOUT="{" ".join(counts)}"`, `make audit` likewise'
    return [f"left out: {', '.join(parts)}; their sizes and hashes are the sealed ones", how]
