"""Scores of all methods on real ratings, the dimension of the covariates, and tables of both."""

from collections import defaultdict
from functools import partial
from pathlib import Path

import pandas as pd

from twotower.base import files
from twotower.base import tensors as arrays
from twotower.real import dimension, ratings, results
from twotower.real import tables as real_tables
from twotower.records import job_records
from twotower.report.tables import markdown

paths, output = snakemake.input, snakemake.output

with job_records.job(snakemake) as spec:
    data = ratings.read(paths.data)
    parts = defaultdict(dict)
    for method, path in zip(spec["methods"], paths.predictions, strict=True):
        parts[Path(path).parent][method] = partial(arrays.read, path)
    scored = [each for part in parts.values() for each in results.scored(data, part, spec["seed"])]
    rows, summary = (pd.concat(part, ignore_index=True) for part in zip(*scored, strict=True))
    sides = {"user": data.user_covariates, "item": data.item_covariates}
    dimensions = dimension.estimates(sides, spec["seed"])
    seen = results.seen()
    fits = real_tables.slopes(rows, dimensions, seen, spec["seed"])
    title = pd.read_csv(paths.facts).set_index("item").loc["data", "value"]
    compared = real_tables.comparisons(rows, seen, title == "MovieLens 100K")
    frames = {"scores": rows, "summary": summary, "dimensions": dimensions}
    for name, frame in (frames | {"slopes": fits, "compared": compared}).items():
        files.write_csv(frame, getattr(output, name))
    for text, layout, path in (
        (real_tables.methods_table(summary, seen), real_tables.METHODS, output.methods_md),
        (real_tables.cold_table(summary, seen), real_tables.COLD, output.cold_md),
        (real_tables.slopes_table(fits, seen), real_tables.SLOPES, output.slopes_md),
        (real_tables.comparisons_table(compared), real_tables.COMPARED, output.compared_md),
    ):
        markdown.write(text, layout, path)
