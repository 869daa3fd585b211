"""Targets, ratings or clicks, and the certificate of one data set."""

import pandas as pd

from twotower.base import files, tensors
from twotower.data import catalogue, certificate, click_certificate, clicks, ratings, targets
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    output, data, seed, count = snakemake.output, spec["data"], spec["seed"], spec["n_ratings"]
    drawn = {r: targets.draw_target(seed, data, r) for r in range(spec["replicates"])}
    is_clicks = data.get("sampling") == "clicks"
    shapes = clicks.shapes if is_clicks else ratings.training_shapes
    with tensors.writing(output.ratings, shapes(data, spec["replicates"], count)) as columns:
        if is_clicks:
            catalogues = catalogue.draw_catalogues(seed, data, drawn)
            clicks.fill(columns, seed, data, drawn, catalogues, count)
        else:
            ratings.fill_training(columns, seed, data, drawn, count)
        covariates = {tower: columns[f"{tower}_covariates"] for tower in targets.TOWERS}
        checks = certificate.certificate(data, [*drawn.values()], covariates, count)
        if is_clicks:
            chosen = click_certificate.certificate(seed, data, drawn, catalogues)
            checks = pd.concat([checks, chosen])
        certificate.require(checks)
    tensors.write(output.targets, ratings.target_tensors([*drawn.values()]))
    files.write_csv(checks, output.certificate)
