"""Planted curves and the coverage of intervals: the fitter passes before it sees a network."""

import pandas as pd

from twotower.base import files
from twotower.rates import planted
from twotower.records import job_records
from twotower.study import decisions

with job_records.job(snakemake):
    rules = decisions.load(snakemake.input.decisions)
    table = planted.planted_table(rules)
    planted.check(table)
    nominal = rules.thresholds.confidence
    rows = []
    for name, share in planted.coverage(nominal).items():
        case = f"coverage of {nominal:.0%} intervals in 500 draws: {name}"
        rows.append({"case": case, "slope": share, "passed": True})
        if abs(share - nominal) > 0.04:
            raise planted.FitterError(f"{case}: only {share:.1%} hold the truth")
    files.write_csv(pd.concat([table, pd.DataFrame(rows)]), snakemake.output.table)
