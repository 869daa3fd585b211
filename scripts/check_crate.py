"""Does a crate hold what its graph says? `python check_crate.py FOLDER [--sha256 HEX]`.

Hashes every file; runs nothing. Ends with 1 if any is changed, missing or extra.
"""

import argparse
import sys
from pathlib import Path

from twotower import console

console.start()

from twotower import crate_check, safe_names  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path)
parser.add_argument("--sha256", help="of ro-crate-metadata.json, noted elsewhere")
given = parser.parse_args()
found = crate_check.check(given.folder, given.sha256)
for path, fault in sorted(found.faults.items()):
    print(safe_names.shown(f"{path}: {fault}".replace("\n", "\\n")))
print(f"{found.files:,} files, {found.bytes / 1e6:,.1f} MB, as the graph says; "
      f"{len(found.described):,} described and not held; {len(found.faults):,} faults")  # fmt: skip
print(f"ro-crate-metadata.json: SHA-256 {found.metadata}")
sys.exit(bool(found.faults))
