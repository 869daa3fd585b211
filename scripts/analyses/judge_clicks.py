"""The ledger of claims on clicks, by their own frozen rules."""

import pandas as pd

from twotower.base import files
from twotower.claims import click_rules, ledger
from twotower.records import job_records
from twotower.study.rules import click_decisions

with job_records.job(snakemake) as spec:
    paths = snakemake.input
    tables = {name: pd.read_csv(paths[name]) for name in ("clicks", "rates")}
    rules = click_decisions.load(paths.click_decisions)
    made = ledger.ledger(tables, rules, spec["study"], click_rules.RULES)
    files.write_csv(made, snakemake.output.table)
