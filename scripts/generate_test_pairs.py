"""Fresh users and items of one data set, on which risks are measured."""

from twotower import ratings, records, targets, tensors

with records.job(snakemake) as spec:
    drawn = {
        r: targets.draw_target(spec["seed"], spec["data"], r) for r in range(spec["replicates"])
    }
    test = ratings.draw_test(
        spec["seed"], spec["data"], drawn, spec["test_pairs"], spec["n_ratings"]
    )
    tensors.write(snakemake.output.test, test)
