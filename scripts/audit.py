"""Audit the results of this folder: verify them, make them again in a clean clone, compare, judge.

Without --sample everything is rerun. Writes results-audit/audit.json and audit.html. Ends with 1
unless every claim is identical, equivalent or within the declared tolerances.
"""

import secrets
import sys
from pathlib import Path

from twotower.base import console

console.start()

from twotower.audits.rerun import audit, findings, options, page, report, verdicts  # noqa: E402
from twotower.audits.seal import sealed_files  # noqa: E402
from twotower.base import safe_names  # noqa: E402

parser = console.Parser(description=__doc__)
parser.add_argument("--folder", default=Path("."), type=Path, help="what holds results/")
parser.add_argument("--sample", type=options.whole("SAMPLE"), metavar="N",
                    help="jobs to draw; jobs of figures and tables are always rerun")  # fmt: skip
parser.add_argument("--nonce", default="", help="your own text, which the draw depends on")
parser.add_argument("--env", type=Path, help="an environment to reuse; no new one is made")
parser.add_argument("--wheels", type=Path, help="a folder of wheels, to install without network")
parser.add_argument("--fresh", type=Path, help="a new folder for the clone; it is kept")
parser.add_argument("--project", type=Path, help="the git repository, if not this one")
parser.add_argument(
    "--signers", type=Path, help="a file of allowed signers, in the form of ssh-keygen"
)
parser.add_argument("--root", help="the root that was noted elsewhere")
parser.add_argument("--without", nargs="*", default=[], help="kinds of files that may be missing")
parser.add_argument("--fresh-seeds", type=options.whole("FRESH_SEEDS"), metavar="N",
                    default=0, help="how many other seeds to try where results differ")  # fmt: skip
given = parser.parse_args()
given.nonce = given.nonce or secrets.token_hex(8)
given.without = sealed_files.kinds(given.without)
found = audit.audit(options.Asked(**vars(given)), lambda line: print(line, flush=True))
written = page.write(found, given.folder / findings.PLACE)
print(safe_names.shown(report.text(found)))
print(f"{written}, audit.json")
sys.exit(verdicts.failed(found.verdict))
