"""Ratings of a study's cell as the loaders would give them, and fresh pairs with their truth."""

from twotower.base import tensors
from twotower.diagnosis import planted
from twotower.real import ratings
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    _, data, fresh = planted.drawn(spec["seed"], spec["cell"], spec["most"])
    ratings.write(snakemake.output.data, data)
    tensors.write(snakemake.output.fresh, fresh)
