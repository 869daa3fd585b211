"""The theory's lemmas on random networks; a violated one is a row of the table, not an error."""

from twotower import files, lemma_verdicts, lemmas, records

with records.job(snakemake) as spec:
    names = ("seed", "networks", "depths", "widths", "sample_sizes")
    table = lemmas.lemma_table(**{name: spec[name] for name in names})
    for row in lemma_verdicts.summary(table):
        print(f"Lemma {row['lemma']} {row['verdict']}: {row['reason']}.")
    files.write_csv(table, snakemake.output.table)
