"""State a study before it runs: `python preregister.py [STUDY] [--key FILE] [--tsa ADDRESS]`.

Writes preregistration/<study>-<digits>/: the study, the rules, what is predicted, under one hash.
"""

import os
from pathlib import Path

clock = os.environ.get("SOURCE_DATE_EPOCH")  # as the shell had it: the library pins another one

from twotower.base import console  # noqa: E402

console.start()

from twotower.audits.seal import preregistration  # noqa: E402
from twotower.running import processes, statements  # noqa: E402

parser = console.Parser(description=__doc__)
parser.add_argument("study", nargs="?", default="config.yaml", help="a study file")
parser.add_argument("--key", type=Path, help="a private key of SSH, to sign with")
parser.add_argument("--tsa", help="address of an authority of time stamps (RFC 3161)")
parser.add_argument("--tsa-ca", type=Path, help="its certificates, in PEM")
given = parser.parse_args()
processes.require_idle(Path.cwd().resolve())
made, told = preregistration.state(given.study, given.key, given.tsa, given.tsa_ca, clock)
print("\n".join(told))
for name in statements.ALL:
    if (made.folder / name).is_file():
        print(made.folder / name)
print(f"Study {made.content['study']['name']}, rules {made.content['rules']}, stated on "
      f"{made.content['date']}. Commit the folder, and publish the hash where others see the "
      "date. Then run: the records of the run name the hash, `make seal` seals it, and "
      f"`make verify` checks it. SHA-256 of {statements.NAME}:\n{made.sha256}")  # fmt: skip
