"""Clicks from the user's files, checked, in the form of ratings that are all 1."""

from pathlib import Path

from twotower.base import files
from twotower.real import ratings
from twotower.real.clicks import table
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    raw = table.read(spec["subject"], Path(snakemake.input[0]).parent)
    print(f"{raw.title}: {len(raw.users):,} clicks. Licence: {raw.licence}.")
    for path in snakemake.input:
        print(f"{Path(path).name}: SHA-256 {files.sha256(path)}")
    for note in raw.notes:
        print(f"Note: {note}.")
    known = table.clicks_of(raw)
    sides = known.user_covariates, known.item_covariates
    data = table.as_ratings(known.users, known.items, known.times, *sides)
    ratings.write(snakemake.output[0], data)
