"""Tables for papers and web pages: rates and claims; for machines: certificates and losses."""

import numpy as np
import pandas as pd

from twotower.base import files
from twotower.claims import ledger as claims_ledger
from twotower.records import job_records
from twotower.report.tables import latex, layouts, markdown, texts

paths, output = snakemake.input, snakemake.output


def joined(names: list[dict], files_read: list[str]) -> pd.DataFrame:
    """Tables one below the other, each with columns that say which it is in front."""
    frames = []
    for columns, path in zip(names, files_read, strict=True):
        frame = pd.read_csv(path)
        frames.append(pd.concat([pd.DataFrame([columns] * len(frame)), frame], axis=1))
    return pd.concat(frames, ignore_index=True)


with job_records.job(snakemake) as spec:
    rates = texts.rate_table(pd.read_csv(paths.rates))
    latex.write(rates, layouts.RATES, output.tex)
    markdown.write(rates, layouts.RATES, output.markdown)
    ledger = claims_ledger.display(pd.read_csv(paths.claims))
    latex.write(ledger[layouts.PRINTED_CLAIMS], layouts.CLAIMS, output.claims_tex)
    markdown.write(ledger, layouts.CLAIMS, output.claims_markdown)
    levels = pd.read_csv(paths.levels)
    upper = levels[levels["upper_half"].astype(bool)]
    latex.write(texts.level_table(upper), layouts.LEVELS, output.levels_tex)
    markdown.write(texts.level_table(levels), layouts.LEVELS, output.levels_markdown)
    data_sets = [{"data": data} for data in spec["data"]]
    files.write_csv(joined(data_sets, paths.certificates), output.certificates)
    losses = joined(spec["runs"], paths.losses)
    # by run and replicate, whatever replicates a job had
    order = np.lexsort((losses["replicate"], pd.factorize(losses["run"])[0]))
    files.write_csv(losses.iloc[order], output.losses)
