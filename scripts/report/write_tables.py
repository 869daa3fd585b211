"""Tables for papers and web pages: rates and claims; for machines: certificates and losses."""

import numpy as np
import pandas as pd

from twotower.base import files
from twotower.claims import ledger as claims_ledger
from twotower.records import job_records
from twotower.report import tables

paths, output = snakemake.input, snakemake.output


def joined(names: list[dict], files_read: list[str]) -> pd.DataFrame:
    """Tables one below the other, each with columns that say which it is in front."""
    frames = []
    for columns, path in zip(names, files_read, strict=True):
        frame = pd.read_csv(path)
        frames.append(pd.concat([pd.DataFrame([columns] * len(frame)), frame], axis=1))
    return pd.concat(frames, ignore_index=True)


with job_records.job(snakemake) as spec:
    rates = tables.rate_table(pd.read_csv(paths.rates))
    tables.to_latex(rates, tables.RATES, output.tex)
    tables.to_markdown(rates, tables.RATES, output.markdown)
    ledger = claims_ledger.display(pd.read_csv(paths.claims))
    tables.to_latex(ledger[tables.PRINTED_CLAIMS], tables.CLAIMS, output.claims_tex)
    tables.to_markdown(ledger, tables.CLAIMS, output.claims_markdown)
    levels = pd.read_csv(paths.levels)
    upper = levels[levels["upper_half"].astype(bool)]
    tables.to_latex(tables.level_table(upper), tables.LEVELS, output.levels_tex)
    tables.to_markdown(tables.level_table(levels), tables.LEVELS, output.levels_markdown)
    data_sets = [{"data": data} for data in spec["data"]]
    files.write_csv(joined(data_sets, paths.certificates), output.certificates)
    losses = joined(spec["runs"], paths.losses)
    # by run and replicate, whatever replicates a job had
    order = np.lexsort((losses["replicate"], pd.factorize(losses["run"])[0]))
    files.write_csv(losses.iloc[order], output.losses)
