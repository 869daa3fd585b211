"""Does a crate keep the rules of its profile? `python validate_crate.py FOLDER`.

The public validator judges it, and of Provenance Run Crate 0.6 a table of rules too; then
mlcroissant its croissant.json. Works offline, in the environment that `make validate-crate` makes.
Ends with 1 if one of them fails.
"""

import sys
from pathlib import Path

from twotower.base import console

console.start()

from twotower.audits.crate_check import croissant_validation, validation  # noqa: E402
from twotower.base import safe_names  # noqa: E402

parser = console.Parser(description=__doc__)
parser.add_argument("folder", type=Path)
given = parser.parse_args()
judged = validation.validate(given.folder)
print(safe_names.shown("\n".join(judged.lines)))
described = croissant_validation.validate(given.folder)
if described:
    print(safe_names.shown("\n".join([*described.faults, described.text()])))
sys.exit(judged.failed or bool(described and described.faults))
