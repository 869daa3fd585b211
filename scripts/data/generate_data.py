"""Targets, ratings and the certificate of one data set."""

from twotower.base import files, tensors
from twotower.data import certificate, ratings, targets
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    output, data = snakemake.output, spec["data"]

    drawn = {r: targets.draw_target(spec["seed"], data, r) for r in range(spec["replicates"])}
    shapes = ratings.training_shapes(data, spec["replicates"], spec["n_ratings"])
    with tensors.writing(output.ratings, shapes) as columns:
        ratings.fill_training(columns, spec["seed"], data, drawn, spec["n_ratings"])
        covariates = {tower: columns[f"{tower}_covariates"] for tower in targets.TOWERS}
        checks = certificate.certificate(data, [*drawn.values()], covariates, spec["n_ratings"])
        certificate.require(checks)
    tensors.write(output.targets, ratings.target_tensors([*drawn.values()]))
    files.write_csv(checks, output.certificate)
