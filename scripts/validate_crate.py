"""Does a crate pass the public validator of its profile? `python validate_crate.py FOLDER`.

Then its croissant.json by mlcroissant. Works offline, in the environment that `make validate-crate`
makes. Ends with 1 if one of them fails.
"""

import argparse
import sys
from pathlib import Path

from twotower import console

console.start()

from twotower import crate_validation, croissant_validation  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path)
given = parser.parse_args()
checks, failed = crate_validation.validate(given.folder)
told = f"{checks} required checks of {crate_validation.PROFILE}, {len(failed)} failed"
print(*failed, told, sep="\n")
described = croissant_validation.validate(given.folder)
if described:
    failed += described.faults
    print(*described.faults, described.text(), sep="\n")
sys.exit(bool(failed) or not checks)
