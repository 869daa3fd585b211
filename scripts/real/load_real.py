"""Real ratings from the user's files, checked, with covariates as matrices."""

from pathlib import Path

from twotower.base import files
from twotower.real import ratings, splits
from twotower.real.reading import archives
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    first = Path(snakemake.input[0])
    place = first if archives.is_archive(first) else first.parent
    raw = ratings.read_source(spec["source"], place, spec["reviews"], spec["seed"])
    print(f"{raw.title}: {len(raw.ratings):,} ratings. Licence: {raw.licence}.")
    for path in snakemake.input:
        print(f"{Path(path).name}: SHA-256 {files.sha256(path)}")
    for note in raw.notes:
        print(f"Note: {note}.")
    splits.check(raw, spec["splits"], spec["seed"], place)
    data, facts = ratings.prepared(raw)
    ratings.write(snakemake.output.data, data)
    files.write_csv(facts, snakemake.output.facts)
