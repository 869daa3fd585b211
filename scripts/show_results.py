"""Print the rate table and the paths of figures and tables: `python show_results.py PATH …`."""

import sys
from pathlib import Path

import pandas as pd

from twotower import tables

sys.stdout.reconfigure(encoding="utf-8")  # the table has Greek letters, the locale may not
made = [Path(path) for path in sys.argv[1:]]
path = next((path for path in made if path.name == "rates.csv" and path.exists()), None)
if path is None:
    sys.exit("There are no rates yet: run `make` (or `snakemake`) first.")
rates = pd.read_csv(path)
print("\n" + tables.console_table(rates) + "\n")
for reason in tables.console_reasons(rates):
    print(reason)
for folder in dict.fromkeys(path.parent for path in made):
    names = sorted(path.name for path in made if path.parent == folder)
    print(f"{folder}/: {', '.join(names)}")
