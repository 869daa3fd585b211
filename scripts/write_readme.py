"""Write README's table of claims and its picture from docs/findings: `python write_readme.py`.

With --check nothing is written; it fails where README is not what the findings say.
"""

from twotower.base import console, places

console.start()

from twotower.audits import front_page  # noqa: E402

parser = console.Parser(description=__doc__)
parser.add_argument("--check", action="store_true", help="write nothing, compare")
given = parser.parse_args()
if not given.check:
    front_page.write(places.PROJECT)
    print(f"Wrote the table of claims in {front_page.README}, and {front_page.PICTURE}.")
elif missing := front_page.unpublished(places.PROJECT):
    print(f"Not compared with README: {', '.join(missing)}, of which no findings are published.")
else:
    front_page.check(places.PROJECT)
