"""The ledger of claims, from all tables of a study."""

import pandas as pd

from twotower.base import files
from twotower.claims import ledger as claims_ledger
from twotower.records import job_records
from twotower.study import decisions

with job_records.job(snakemake) as spec:
    named = dict(snakemake.input.items())
    rules = decisions.load(named.pop("decisions"))
    tables = {}
    for name, paths in named.items():
        # of approximation none, one or several
        paths = [paths] if isinstance(paths, str) else paths
        frames = [pd.read_csv(path) for path in paths]
        tables[name] = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    ledger = claims_ledger.ledger(tables, rules, spec["study"])
    files.write_csv(ledger, snakemake.output.claims)
