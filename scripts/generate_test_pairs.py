"""Fresh users and items of one data set, on which risks are measured."""

from twotower import logs, ratings, targets, tensors

logs.start(snakemake.log[0])
spec = snakemake.params.spec

drawn = {r: targets.draw_target(spec["seed"], spec["data"], r) for r in range(spec["replicates"])}
test = ratings.draw_test(spec["seed"], spec["data"], drawn, spec["test_pairs"], spec["n_ratings"])
tensors.write(snakemake.output.test, test)
