"""Print the ledger of claims and the paths of what was made: `python show_results.py PATH …`."""

import sys
from pathlib import Path

from twotower.base import console, places

console.start()

import pandas as pd  # noqa: E402

from twotower.base import files  # noqa: E402
from twotower.claims import ledger  # noqa: E402
from twotower.records import job_records  # noqa: E402
from twotower.report.tables import texts  # noqa: E402
from twotower.study.rules.ledgers import LEDGERS  # noqa: E402

PRINTED = (*(Path(ledger.table).name for ledger in LEDGERS), "rates.csv")
MOST_RATES = 20  # rows that a reader still takes in on a screen; more are in rates.md

made = [Path(path) for path in sys.argv[1:]]
found = {path.name: path for path in made if path.suffix == ".csv" and path.exists()}
if not {"claims.csv", "rates.csv"} <= set(found):
    sys.exit("There are no claims judged yet: run `make` (or `snakemake`) first.")
frozen = Path(__file__).resolve().parents[1]
shown = []
try:
    for each in LEDGERS:
        if path := found.get(Path(each.table).name):
            rules = each.load(frozen / each.rules)
            shown.append(ledger.to_console(pd.read_csv(path), rules) + "\n")
    path = found["rates.csv"]
    rates = pd.read_csv(path)
    if len(rates) <= MOST_RATES:
        shown += [texts.console_table(rates) + "\n", *texts.console_reasons(rates)]
except (ValueError, KeyError, TypeError, AttributeError) as error:  # whatever pandas meets in it
    sys.exit(f"{path}: not the table that the study wrote ({error}); `make resume` makes it anew.")
for path in (found[name] for name in PRINTED if name in found):
    record = job_records.read(path) if places.is_made(path) else {"sha256": files.sha256(path)}
    if record is None or record["sha256"] != files.sha256(path):
        why = "it has no valid record" if record is None else "its bytes have changed"
        sys.exit(
            f"{path}: not the table that the study wrote ({why}); `make resume` makes it anew."
        )
print("\n" + "\n".join(shown))
for folder in dict.fromkeys(path.parent for path in made):
    names = sorted(path.name for path in made if path.parent == folder)
    print(f"{folder}/: {', '.join(names)}")
