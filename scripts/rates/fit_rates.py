"""Slopes, intervals and verdicts of one experiment, from the risks of its runs."""

import math

import pandas as pd

from twotower.base import files, tensors
from twotower.data import groups
from twotower.predictions import floors, joining
from twotower.rates import approximation, curves, summary
from twotower.records import job_records
from twotower.study import decisions

with job_records.job(snakemake) as spec:
    output = snakemake.output
    rows = {(columns["data"], columns["embedding_dim"]): columns for columns in spec["runs"]}
    lost = {
        (data, dim): floors.lost_energy(tensors.read(path), rows[data, dim]).mean()
        for (data, dim), path in zip(spec["floored"], snakemake.input.targets, strict=True)
    }
    frames, predicted = [], iter(snakemake.input.predictions)
    for columns, path, has in zip(
        spec["runs"], snakemake.input.risks, spec["predicted"], strict=True
    ):
        due = pd.read_csv(next(predicted)) if has else None
        frame = joining.joined(pd.read_csv(path), due)
        # of the targets drawn, since its spread over targets is large
        columns["lost_energy"] = lost.get((columns["data"], columns["embedding_dim"]), 0.0)
        named = columns | {"experiment": spec["experiment"]}
        frames.append(frame.assign(**{k: math.nan if v is None else v for k, v in named.items()}))
    risks = pd.concat(frames, ignore_index=True)
    settings = dict.fromkeys(name for columns in spec["runs"] for name in columns)
    named = [name for name in settings if name not in (*curves.MEASURED, "experiment")]
    present = [name for name in groups.GROUPS if name in risks]
    risks = risks[["experiment", *named, *curves.MEASURED, *present]]
    summarize = {"ratings": summary.summarize, "units": approximation.summarize}[spec["axis"]]
    tables = summarize(risks, decisions.load(snakemake.input.decisions))
    files.write_csv(risks, output.risks)
    files.write_csv(tables.rates, output.rates)
    files.write_csv(tables.curves, output.curves)
