"""Does a crate hold what its graph says? `python check_crate.py FOLDER [--sha256 HEX]`.

Hashes every file; runs nothing. Ends with 1 if any is changed, missing or extra.
"""

import argparse
import sys
from pathlib import Path

from twotower import console

console.start()

from twotower import crate_check  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path)
parser.add_argument("--sha256", default="", help="of ro-crate-metadata.json, noted elsewhere")
given = parser.parse_args()
found = crate_check.check(given.folder)
if not found.metadata.startswith(given.sha256.lower()):
    found.faults[crate_check.METADATA] = f"another one than was noted: {found.metadata}"
for path, fault in sorted(found.faults.items()):
    print(f"{path}: {fault}")
print(f"{found.files:,} files, {found.bytes / 1e6:,.1f} MB, as the graph says; "
      f"{found.described:,} described and not held; {len(found.faults):,} faults")  # fmt: skip
print(f"ro-crate-metadata.json: SHA-256 {found.metadata}")
sys.exit(bool(found.faults))
