"""Print the ledger of claims and the paths of what was made: `python show_results.py PATH …`."""

import sys
from pathlib import Path

import pandas as pd

from twotower import claims, decisions, tables

MOST_RATES = 20  # rows that a reader still takes in on a screen; more are in rates.md

sys.stdout.reconfigure(encoding="utf-8")  # the tables have Greek letters, the locale may not
made = [Path(path) for path in sys.argv[1:]]
found = {path.name: path for path in made if path.suffix == ".csv" and path.exists()}
if not {"claims.csv", "rates.csv"} <= set(found):
    sys.exit("There are no claims judged yet: run `make` (or `snakemake`) first.")
ledger, rates = pd.read_csv(found["claims.csv"]), pd.read_csv(found["rates.csv"])
rules = decisions.load(Path(__file__).resolve().parents[1] / "workflow" / "decisions.yaml")
print("\n" + claims.to_console(ledger, rules) + "\n")
if len(rates) <= MOST_RATES:
    print(tables.console_table(rates) + "\n")
    for reason in tables.console_reasons(rates):
        print(reason)
for folder in dict.fromkeys(path.parent for path in made):
    names = sorted(path.name for path in made if path.parent == folder)
    print(f"{folder}/: {', '.join(names)}")
