"""Towers of one configuration: all its sample sizes, one block of replicates."""

import numpy as np
import pandas as pd

from twotower.base import files, tensors
from twotower.records import job_records
from twotower.towers import checkpoint, training_job

with job_records.job(snakemake) as spec:
    output = snakemake.output
    first, last = spec["replicates"]
    data = tensors.read(snakemake.input.ratings, slice(first, last), mapped=True)
    device = str(training_job.device_for(spec["gpu"]))
    job = {"spec": spec, "ratings": files.sha256(snakemake.input.ratings), "device": device}
    name = f"{snakemake.wildcards.run}-{snakemake.wildcards.block}.safetensors"
    kept = checkpoint.Checkpoint(f"results/checkpoints/{name}", job)
    print(kept.told(), end="", flush=True)
    weights, losses, seconds = {}, [], []
    for result in training_job.train(spec, data, range(first, last), kept):
        weights |= result.tensors
        key = {"n_ratings": result.n_ratings, "start": result.start}
        loss = result.training_loss
        losses.append(
            pd.DataFrame({"replicate": first + np.arange(len(loss)), "training_loss": loss}).assign(
                **key, width=result.width, steps=result.steps
            )
        )
        seconds.append(key | {"seconds": result.seconds, "device": device})
        print(f"n = {result.n_ratings}, start {result.start}: {result.seconds:.1f} s", flush=True)
    files.write_csv(pd.DataFrame(seconds), output.seconds)
    files.write_csv(pd.concat(losses), output.losses)
    tensors.write(output.weights, weights)
    kept.remove()
