"""Publish a finished study's tables and figures: `python publish_findings.py STUDY [FOLDER]`.

Run it in the folder that holds results/; all in it must be as the run made it.
"""

from pathlib import Path

from twotower.base import console

console.start()

from twotower.audits import publishing  # noqa: E402

parser = console.Parser(description=__doc__)
parser.add_argument("study", help="the study file whose results these are")
parser.add_argument("folder", nargs="?", type=Path, help="docs/findings/<name>")
given = parser.parse_args()
folder = publishing.publish(given.study, given.folder)
print(f"Wrote {folder}/tables, {folder}/figures and {folder}/PROVENANCE.md.")
