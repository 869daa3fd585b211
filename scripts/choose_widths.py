"""Print the widths of a study's towers that their predicted risk chooses: `python choose_widths.py
[STUDY]`.

Lines for the blocks `defaults` and `overrides` of the study file. No results are looked at.
"""

from twotower.base import console

console.start()

from twotower.predictions import widths  # noqa: E402
from twotower.study import reading  # noqa: E402

parser = console.Parser(description=__doc__)
parser.add_argument("study", nargs="?", default="config.yaml", help="a study file")
given = parser.parse_args()
for line in widths.choices(reading.read_study(given.study)):
    print(line, flush=True)
