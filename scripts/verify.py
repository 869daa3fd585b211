"""Verify sealed results: `python verify.py [--folder FOLDER] [--root HEX] …`.

Runs nothing. FOLDER, by default this one, holds results/. Ends with 1 if anything is wrong.
Reads at most 20 times the bytes that the disk holds of FOLDER, and 1 GB more, whatever sizes say.
"""

import sys
import time
from contextlib import nullcontext
from pathlib import Path

from twotower.base import console

console.start()

from twotower.audits.rerun import clone  # noqa: E402
from twotower.audits.seal import sealed_files  # noqa: E402
from twotower.audits.verify import findings, verification  # noqa: E402

parser = console.Parser(description=__doc__)
parser.add_argument("--folder", default=".", type=Path, help="what holds results/")
parser.add_argument(
    "--signers", type=Path, help="a file of allowed signers, in the form of ssh-keygen"
)
parser.add_argument("--tsa-ca", type=Path, help="certificates of time stamps that you trust")
parser.add_argument("--root", help="the root that was noted elsewhere")
parser.add_argument("--project", type=Path, help="where the code is, if not in FOLDER")
parser.add_argument("--without", nargs="*", default=[], help="kinds of files that may be missing")
parser.add_argument("--all", action="store_true", help="a line for every file")
given = parser.parse_args()
if not (given.folder / "results").is_dir():
    sys.exit(f"{verification.nothing_in(given.folder)}.")
without = sealed_files.kinds(given.without)
began = time.perf_counter()
here = nullcontext((given.project, ""))
with here if given.project else clone.checked_out(given.folder) as (code, note):
    found = verification.verify(
        given.folder, given.signers, given.root, code, without, given.tsa_ca
    )
found.notes += [note] if note else []
own = given.folder.resolve() == Path.cwd()
print(findings.text(found, time.perf_counter() - began, given.all, own))
sys.exit(found.failed)
