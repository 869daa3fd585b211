"""Lists of the best embeddings of each number of components, and of free ones."""

import pandas as pd

from twotower.base import files
from twotower.evaluation import best_components
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    found = pd.DataFrame(best_components.lists(spec), columns=best_components.COLUMNS)
    files.write_csv(found, snakemake.output.lists)
