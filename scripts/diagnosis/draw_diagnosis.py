"""A study's cell as the loaders would give its ratings, or clicks, and others with their truth."""

from twotower.base import tensors
from twotower.diagnosis.kinds import truths
from twotower.real import ratings
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    _, data, fresh = truths.of(spec["cell"]).drawn(spec["seed"], spec["cell"], spec["most"])
    ratings.write(snakemake.output.data, data)
    tensors.write(snakemake.output.fresh, fresh)
