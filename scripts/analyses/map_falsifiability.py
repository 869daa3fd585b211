"""Where sizes in reach could contradict the bound."""

from twotower.analyses import falsifiability
from twotower.base import files
from twotower.records import job_records
from twotower.study import decisions

with job_records.job(snakemake):
    rules = decisions.load(snakemake.input.decisions)
    files.write_csv(falsifiability.falsifiability(rules), snakemake.output.table)
