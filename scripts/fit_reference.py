"""The reference estimator on one data set: all sample sizes, one block of replicates."""

from twotower import logs, reference, tensors

logs.start(snakemake.log[0])
spec = snakemake.params.spec

data = tensors.read(snakemake.input.ratings, slice(*spec["replicates"]))
fits = reference.fit_sizes(data, spec["sample_sizes"], spec["rank"])
tensors.write(snakemake.output.fits, fits)
