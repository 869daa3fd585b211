"""The reference estimator on one data set: all sample sizes, one block of replicates."""

from twotower.base import tensors
from twotower.methods import reference
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    data = tensors.read(snakemake.input.ratings, slice(*spec["replicates"]), mapped=True)
    fits = reference.fit_sizes(data, spec["sample_sizes"], spec["rank"])
    tensors.write(snakemake.output.fits, fits)
