"""One method on real ratings: predictions for all splits of some kinds, tuned on each."""

from twotower.base import files, tensors
from twotower.real import methods, ratings
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    data = ratings.read(snakemake.input.data)
    predictions, chosen = methods.fit_kinds(
        data, spec["kinds"], spec["method"], spec["splits"], spec["budget"], spec["seed"]
    )
    tensors.write(snakemake.output.predictions, predictions)
    files.write_csv(chosen, snakemake.output.chosen)
