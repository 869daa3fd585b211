"""Tables for papers and web pages: rates, claims, levels; for machines: certificates, losses."""

import numpy as np
import pandas as pd

from twotower.base import files
from twotower.claims import ledger as claims_ledger
from twotower.records import job_records
from twotower.report.tables import html, latex, layouts, markdown, texts
from twotower.study.decisions import Answer

paths, output = snakemake.input, snakemake.output


LOSS_COLUMNS = ["run", "arm", "replicate", "training_loss", "n_ratings", "start", "width", "steps"]
"""Of losses: what a study without towers leaves of them."""


def joined(names: list[dict], files_read: list[str]) -> pd.DataFrame:
    """Tables, one or more, one below the other, each with columns that say which it is in front."""
    frames = [pd.read_csv(path) for path in files_read]
    leading = (pd.DataFrame([each] * len(frame)) for each, frame in zip(names, frames, strict=True))
    named = (pd.concat(parts, axis=1) for parts in zip(leading, frames, strict=True))
    return pd.concat(named, ignore_index=True)


with job_records.job(snakemake) as spec:
    rates = texts.rate_table(pd.read_csv(paths.rates))
    latex.write(rates, layouts.RATES, output.tex)
    markdown.write(rates, layouts.RATES, output.markdown)
    ledger = claims_ledger.display(pd.read_csv(paths.claims))
    latex.write(ledger[layouts.PRINTED_CLAIMS], layouts.CLAIMS, output.claims_tex)
    markdown.write(ledger, layouts.CLAIMS, output.claims_markdown)
    tested = ledger["verdict"] != Answer.UNTESTED
    html.write(ledger.loc[tested, layouts.SHOWN_CLAIMS], output.claims_html)
    levels = texts.level_table(pd.read_csv(paths.levels))
    latex.write(levels[levels["fitted"] == texts.UPPER_HALF], layouts.LEVELS, output.levels_tex)
    markdown.write(levels, layouts.LEVELS, output.levels_markdown)
    data_sets = [{"data": data} for data in spec["data"]]
    files.write_csv(joined(data_sets, paths.certificates), output.certificates)
    losses = pd.DataFrame(columns=LOSS_COLUMNS)
    if spec["runs"]:
        losses = joined(spec["runs"], paths.losses)
    # by run and replicate, whatever replicates a job had
    order = np.lexsort((losses["replicate"], pd.factorize(losses["run"])[0]))
    files.write_csv(losses.iloc[order], output.losses)
