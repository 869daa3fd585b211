"""Run a study under variations that should not matter, and tell which rung each reaches.

Variations that harm nothing are tried together in one run first, and each alone if that differs.
Prints a table in Markdown. Given again, the command goes on where it stopped; --anew forgets.
"""

import shutil
from pathlib import Path

from twotower.base import console, places

console.start()

from twotower.audits.compare import rungs, tolerances  # noqa: E402
from twotower.audits.vary import variations, varied_runs  # noqa: E402
from twotower.base import files  # noqa: E402
from twotower.records.commits import code_files  # noqa: E402
from twotower.study import reading  # noqa: E402

parser = console.Parser(description=__doc__)
parser.add_argument("study", nargs="?", default="workflow/studies/tiny.yaml", help="a study file")
parser.add_argument("--anew", action="store_true", help="forget what an earlier call has found")
parser.add_argument("--each", action="store_true", help="no variations together in one run")
given = parser.parse_args()
reading.load_study(given.study)
place = Path("results-audit/vary").resolve()
if given.anew:
    shutil.rmtree(place, ignore_errors=True)
declared = tolerances.load(places.PROJECT / tolerances.PLACE)
code = {path: files.sha256(places.PROJECT / path) for path in code_files.code(places.PROJECT)}
rows = varied_runs.Rows(place, {"study": files.sha256(given.study), "code": code})
asked = places.PROJECT, Path(given.study)
print("| variation | what is done | rung | files |\n| --- | --- | --- | --- |", flush=True)
together = (None, "") if given.each else rows.found(*asked, variations.together(), declared)
for each in variations.VARIATIONS:
    same = each.joins and together[0] == rungs.Rung.BYTES
    rung, words = (
        (together[0], f"{together[1]}, in one run") if same else rows.found(*asked, each, declared)
    )
    cells = [each.name, each.what, rungs.Rung(rung).words, words]
    print(f"| {' | '.join(cells)} |", flush=True)
