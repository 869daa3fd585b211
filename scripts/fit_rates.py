"""Slopes, intervals and verdicts from the risks of all runs."""

import pandas as pd

from twotower import files, logs, summary

logs.start(snakemake.log[0])
spec = snakemake.params.spec
output = snakemake.output

frames = []
for columns, path in zip(spec["runs"], snakemake.input.risks, strict=True):
    frames.append(pd.read_csv(path, float_precision="round_trip").assign(**columns))
risks = pd.concat(frames, ignore_index=True)
measured = ["start", "n_ratings", "width", "replicate", "risk", "risk_se"]
named = [name for name in spec["runs"][0] if name not in measured]
risks = risks[named + measured]
files.write_csv(risks, output.risks)
files.write_csv(summary.rate_table(risks), output.rates)
files.write_csv(summary.curve_table(risks), output.curves)
