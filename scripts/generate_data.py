"""Targets, ratings and the certificate of one data set."""

from twotower import certificate, files, ratings, records, targets, tensors

with records.job(snakemake) as spec:
    output = snakemake.output

    drawn = {
        r: targets.draw_target(spec["seed"], spec["data"], r) for r in range(spec["replicates"])
    }
    train = ratings.draw_training(spec["seed"], spec["data"], drawn, spec["n_ratings"])
    covariates = {tower: train[f"{tower}_covariates"] for tower in targets.TOWERS}
    checks = certificate.certificate(spec["data"], [*drawn.values()], covariates, spec["n_ratings"])
    certificate.require(checks)
    tensors.write(output.targets, ratings.target_tensors([*drawn.values()]))
    tensors.write(output.ratings, train)
    files.write_csv(checks, output.certificate)
