"""The risks due of a run of towers, or of the reference on a data set, before any training."""

from twotower.base import files
from twotower.predictions import table
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    shared = spec["sample_sizes"], range(spec["replicates"])
    if spec["cell"] is None:
        found = table.of_reference(spec["seed"], spec["data"], *shared)
    elif "arm" in spec:
        found = table.of_clicks(spec["seed"], spec["data"], spec["cell"], spec["arm"], *shared)
    else:
        found = table.of_minimizer(spec["seed"], spec["data"], spec["cell"], *shared)
    files.write_csv(found, snakemake.output.predictions)
