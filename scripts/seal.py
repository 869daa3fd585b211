"""Seal the finished study of this folder: `python seal.py [STUDY] [--key FILE]`.

STUDY is by default what the last run made. Prints the root: note it elsewhere.
"""

from collections import Counter
from pathlib import Path

from twotower.base import console

console.start()

from twotower.audits import sealing  # noqa: E402
from twotower.audits.seal import sealed_files  # noqa: E402
from twotower.running import processes  # noqa: E402

parser = console.Parser(description=__doc__)
parser.add_argument("study", nargs="?", help="a study file")
parser.add_argument("--key", type=Path, help="a private key of SSH, to sign with")
given = parser.parse_args()
processes.require_idle(Path.cwd().resolve())
sealed, told = sealing.seal(given.study, given.key)
sizes = Counter()
for entry in sealed.files.values():
    sizes[entry.kind] += entry.bytes
for kind in sealed_files.FILE_KINDS:
    count = sum(entry.kind == kind for entry in sealed.files.values())
    print(f"{kind:<15}{count:>8,} files{sizes[kind] / 1e6:>10,.1f} MB")
print("\n".join(told))
print(f"{sealed_files.MANIFEST}: {len(sealed.files):,} files of {sealed.study['file']}, root")
print(sealed.root)
