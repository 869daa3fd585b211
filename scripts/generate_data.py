"""Targets, ratings, test pairs and the certificate of one data set."""

from twotower import certificate, files, logs, ratings, tensors

logs.start(snakemake.log[0])
spec = snakemake.params.spec
output = snakemake.output

targets, train, test = ratings.draw_replicates(
    spec["seed"],
    spec["data"],
    range(spec["replicates"]),
    spec["n_ratings"],
    spec["test_pairs"],
)
covariates = {tower: train[f"{tower}_covariates"] for tower in ("user", "item")}
checks = certificate.certificate(spec["data"], targets, covariates, spec["n_ratings"])
certificate.require(checks)
tensors.write(output.targets, ratings.target_tensors(targets))
tensors.write(output.ratings, train)
tensors.write(output.test, test)
files.write_csv(checks, output.certificate)
