"""Targets, ratings or clicks, and the certificate of one data set."""

import pandas as pd

from twotower.base import files, tensors
from twotower.data import certificate, click_certificate, clicks, ratings, targets
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    output, data = snakemake.output, spec["data"]

    drawn = {r: targets.draw_target(spec["seed"], data, r) for r in range(spec["replicates"])}
    is_clicks = data.get("sampling") == "clicks"
    shapes = clicks.shapes if is_clicks else ratings.training_shapes
    fill = clicks.fill if is_clicks else ratings.fill_training
    shaped = shapes(data, spec["replicates"], spec["n_ratings"])
    with tensors.writing(output.ratings, shaped) as columns:
        fill(columns, spec["seed"], data, drawn, spec["n_ratings"])
        covariates = {tower: columns[f"{tower}_covariates"] for tower in targets.TOWERS}
        checks = certificate.certificate(data, [*drawn.values()], covariates, spec["n_ratings"])
        if is_clicks:
            checks = pd.concat([checks, click_certificate.certificate(spec["seed"], data, drawn)])
        certificate.require(checks)
    tensors.write(output.targets, ratings.target_tensors([*drawn.values()]))
    files.write_csv(checks, output.certificate)
