"""Scores of all methods on real ratings, the dimension of the covariates, and tables of both."""

import pandas as pd

from twotower import dimension, files, real_ratings, real_results, real_tables, records, tables
from twotower import tensors as arrays

paths, output = snakemake.input, snakemake.output

with records.job(snakemake) as spec:
    data = real_ratings.read(paths.data)
    scored = [
        each
        for method, path in zip(spec["methods"], paths.predictions, strict=True)
        for each in real_results.scored(data, method, arrays.read(path), spec["seed"])
    ]
    rows, summary = (pd.concat(part, ignore_index=True) for part in zip(*scored, strict=True))
    sides = {"user": data.user_covariates, "item": data.item_covariates}
    dimensions = dimension.estimates(sides, spec["seed"])
    seen = real_results.seen()
    fits = real_tables.slopes(rows, dimensions, seen, spec["seed"])
    title = pd.read_csv(paths.facts).set_index("item").loc["data", "value"]
    compared = real_tables.comparisons(rows, seen, title == "MovieLens 100K")
    for name, frame in (
        ("scores", rows),
        ("summary", summary),
        ("dimensions", dimensions),
        ("slopes", fits),
        ("compared", compared),
    ):
        files.write_csv(frame, getattr(output, name))
    for text, layout, path in (
        (real_tables.methods_table(summary, seen), real_tables.METHODS, output.methods_md),
        (real_tables.cold_table(summary, seen), real_tables.COLD, output.cold_md),
        (real_tables.slopes_table(fits, seen), real_tables.SLOPES, output.slopes_md),
        (real_tables.comparisons_table(compared), real_tables.COMPARED, output.compared_md),
    ):
        tables.to_markdown(text, layout, path)
