"""Pairs of one data set on which risks are measured: fresh ones, and where the design rates users
and items again, of known ones.
"""

from twotower.base import tensors
from twotower.data import known_pairs, ratings, targets
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    drawn = {
        r: targets.draw_target(spec["seed"], spec["data"], r) for r in range(spec["replicates"])
    }
    test = ratings.draw_test(
        spec["seed"], spec["data"], drawn, spec["test_pairs"], spec["n_ratings"]
    )
    if spec["known_at"]:
        test |= known_pairs.draw(
            spec["seed"], spec["data"], drawn, spec["known_at"], spec["test_pairs"]
        )
    tensors.write(snakemake.output.test, test)
