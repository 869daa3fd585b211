"""An archive of ratings from where its authors publish it, if it has the SHA-256 asked for."""

from pathlib import Path

from twotower.real.reading import download
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    download.fetch(spec["address"], spec["sha256"], Path(snakemake.output.archive))
    print(f"{spec['address']}: SHA-256 {spec['sha256']}")
