"""Copy a finished study's tables and figures: `python publish_findings.py STUDY FOLDER`.

Beside them PROVENANCE.md says which command made them, at which commit, and when. Run it in the
folder that holds results/, with no uncommitted change, right after the study.
"""

import datetime
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd

TABLES = Path("results/tables")
FIGURES = Path("results/figures")
LARGE = ("losses.csv", "certificates.csv")  # a row for each replicate: they stay in results/

study, folder = sys.argv[1], Path(sys.argv[2])
if not (TABLES / "claims.csv").exists():
    sys.exit(f"There is no ledger of claims yet: run `make STUDY={study}` first.")
commands = pd.read_csv(TABLES / "claims.csv")["command"].dropna()
if study != "config.yaml" and not commands.str.contains(study, regex=False).any():
    sys.exit(f"{TABLES / 'claims.csv'} is of another study than {study}: run `make STUDY={study}`.")


def git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


changed = git("status", "--porcelain", "--untracked-files=no", "--", ":!docs")
if changed:
    sys.exit(f"There are changes that no commit holds, commit them first:\n{changed}")
for part, files in {
    "tables": [path for path in sorted(TABLES.iterdir()) if path.name not in LARGE],
    "figures": [*sorted(FIGURES.glob("*.png"))],
}.items():
    shutil.rmtree(folder / part, ignore_errors=True)
    (folder / part).mkdir(parents=True)
    for path in files:
        shutil.copyfile(path, folder / part / path.name)
units = Path("results/rates/approximation/rates.csv")  # its axis is not that of rates.csv
if units.exists():
    shutil.copyfile(units, folder / "tables" / "approximation.csv")
made = datetime.datetime.fromtimestamp((TABLES / "claims.csv").stat().st_mtime, datetime.UTC)
(folder / "PROVENANCE.md").write_text(
    f"""# Where these tables and figures come from

- command: `make STUDY={study}`, then `make findings STUDY={study}`
- commit: `{git("rev-parse", "HEAD")}`
- date: {made:%Y-%m-%d}, UTC
""",
    encoding="utf-8",
)
print(f"Wrote {folder}/tables, {folder}/figures and {folder}/PROVENANCE.md.")
