"""Real ratings from the user's files, checked, with covariates as matrices."""

from pathlib import Path

from twotower import archives, files, real_ratings, records, splits

with records.job(snakemake) as spec:
    first = Path(snakemake.input[0])
    place = first if archives.is_archive(first) else first.parent
    raw = real_ratings.read_source(spec["source"], place, spec["reviews"], spec["seed"])
    print(f"{raw.title}: {len(raw.ratings):,} ratings. Licence: {raw.licence}.")
    for path in snakemake.input:
        print(f"{Path(path).name}: SHA-256 {files.sha256(path)}")
    for note in raw.notes:
        print(f"Note: {note}.")
    splits.check(raw, spec["splits"], spec["seed"], place)
    data, facts = real_ratings.prepared(raw)
    real_ratings.write(snakemake.output.data, data)
    files.write_csv(facts, snakemake.output.facts)
