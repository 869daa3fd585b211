"""The tables: rates for machines, papers and screens; risks, certificates and losses."""

import pandas as pd

from twotower import files, logs, tables

logs.start(snakemake.log[0])
spec = snakemake.params.spec
paths, output = snakemake.input, snakemake.output


def joined(names: list[dict], files_read: list[str]) -> pd.DataFrame:
    """Tables one below the other, each with columns that say which it is in front."""
    frames = []
    for columns, path in zip(names, files_read, strict=True):
        frame = pd.read_csv(path, float_precision="round_trip")
        frames.append(pd.concat([pd.DataFrame([columns] * len(frame)), frame], axis=1))
    return pd.concat(frames, ignore_index=True)


rates = pd.read_csv(paths.rates, float_precision="round_trip")
risks = pd.read_csv(paths.risks, float_precision="round_trip")
files.write_csv(rates, output.rates)
tables.to_latex(rates, output.tex)
tables.to_markdown(rates, output.markdown)
files.write_csv(risks, output.risks)
data_sets = [{"data": data} for data in spec["data"]]
files.write_csv(joined(data_sets, paths.certificates), output.certificates)
files.write_csv(joined(spec["runs"], paths.losses), output.losses)
