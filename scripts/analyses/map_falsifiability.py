"""Where sizes in reach could contradict the bound."""

from twotower import decisions, falsifiability, files, records

with records.job(snakemake):
    rules = decisions.load(snakemake.input.decisions)
    files.write_csv(falsifiability.falsifiability(rules), snakemake.output.table)
