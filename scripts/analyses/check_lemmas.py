"""The theory's lemmas on random networks; a violated one is a row of the table, not an error."""

from twotower.base import files
from twotower.lemmas import table as lemmas_table
from twotower.lemmas import verdicts
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    names = ("seed", "networks", "depths", "widths", "sample_sizes")
    table = lemmas_table.lemma_table(**{name: spec[name] for name in names})
    for row in verdicts.summary(table):
        print(f"Lemma {row['lemma']} {row['verdict']}: {row['reason']}.")
    files.write_csv(table, snakemake.output.table)
