"""The risks due of a run of erm, or of the reference on a data set, before any rating is drawn."""

from twotower.base import files
from twotower.predictions import table
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    shared = spec["seed"], spec["data"], spec["sample_sizes"], range(spec["replicates"])
    found = table.of_reference(*shared) if spec["cell"] is None else table.nothing(*shared[2:])
    files.write_csv(found, snakemake.output.predictions)
