"""Copy a finished study's tables and figures: `python publish_findings.py STUDY FOLDER`.

Run it in the folder that holds results/, with no uncommitted change, right after the study.
"""

import argparse

from twotower.base import console

console.start()

from twotower.audits import publishing  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("study", help="the study file whose results these are")
parser.add_argument("folder", type=console.path("FOLDER"), help="where to: docs/findings")
given = parser.parse_args()
publishing.publish(given.study, given.folder)
print(f"Wrote {given.folder}/tables, {given.folder}/figures and {given.folder}/PROVENANCE.md.")
