"""Planted curves and the coverage of intervals: the fitter passes before it sees a network."""

import pandas as pd

from twotower import files, logs, planted

logs.start(snakemake.log[0])
table = planted.planted_table()
planted.check(table)
share = planted.coverage()
row = {"case": "coverage of 95% intervals in 500 draws", "slope": share, "passed": True}
if not 0.91 <= share <= 0.99:
    raise planted.FitterError(f"95% intervals cover {share:.1%} of 500 planted slopes, not 91–99%")
files.write_csv(pd.concat([table, pd.DataFrame([row])]), snakemake.output.table)
