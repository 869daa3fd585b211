"""Print what a bug report needs, and what is missing here: `python scripts/doctor.py [STUDY]`.

Exits 1 if a run could not work. Any Python 3 will do, with or without packages.
"""

import os
import sys
from pathlib import Path

before = dict(os.environ)  # as the shell had it: importing the library sets its pins

from twotower.base import console, pins  # noqa: E402
from twotower.running import doctor  # noqa: E402

console.start()
study = sys.argv[1] if len(sys.argv) > 1 else "config.yaml"
root = Path(__file__).resolve().parents[1]
given = {name: before[name] for name in pins.PINS if name in before}
sections = doctor.examine(root, study, given)
print(doctor.report(sections))
sys.exit(1 if any(section.faults for section in sections) else 0)
