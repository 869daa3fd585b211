"""One method on real ratings: predictions for all splits of some kinds, tuned on each."""

from twotower import files, real_methods, real_ratings, records, tensors

with records.job(snakemake) as spec:
    data = real_ratings.read(snakemake.input.data)
    predictions, chosen = real_methods.fit_kinds(
        data, spec["kinds"], spec["method"], spec["splits"], spec["budget"], spec["seed"]
    )
    tensors.write(snakemake.output.predictions, predictions)
    files.write_csv(chosen, snakemake.output.chosen)
