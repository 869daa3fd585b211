"""Does a crate hold what its graph says? `python check_crate.py FOLDER [--sha256 HEX]`.

Hashes every file; runs nothing, and needs no package. Ends with 1 if any is changed, missing or
extra.
"""

import sys
from pathlib import Path

from twotower.base import console

console.start()

from twotower.audits.crate_check import check  # noqa: E402

parser = console.Parser(description=__doc__)
parser.add_argument("folder", type=Path)
parser.add_argument("--sha256", help="of ro-crate-metadata.json, noted elsewhere")
given = parser.parse_args()
found = check.check(given.folder, given.sha256)
print(check.text(found, given.folder))
sys.exit(bool(found.faults))
