"""An archive of ratings from where its authors publish it, if it has the SHA-256 asked for."""

from pathlib import Path

from twotower import download, records

with records.job(snakemake) as spec:
    download.fetch(spec["address"], spec["sha256"], Path(snakemake.output.archive))
    print(f"{spec['address']}: SHA-256 {spec['sha256']}")
