"""What risks of one data set are measured on: fresh pairs; where the design rates users and items
again, known ones too; fresh users and the catalogue where it is of clicks.
"""

from twotower.base import tensors
from twotower.data import catalogue, clicks, known_pairs, ratings, targets
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    seed, data = spec["seed"], spec["data"]
    drawn = {r: targets.draw_target(seed, data, r) for r in range(spec["replicates"])}
    if data.get("sampling") == "clicks":
        catalogues = catalogue.draw_catalogues(seed, data, drawn)
        test = clicks.draw_test(seed, data, drawn, catalogues, spec["test_pairs"])
    else:
        test = ratings.draw_test(seed, data, drawn, spec["test_pairs"], spec["n_ratings"])
    if spec["known_at"]:
        test |= known_pairs.draw(seed, data, drawn, spec["known_at"], spec["test_pairs"])
    tensors.write(snakemake.output.test, test)
