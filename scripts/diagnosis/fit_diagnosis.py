"""The towers of one rung, fitted to all splits with all seeds."""

from twotower.base import tensors
from twotower.diagnosis import fits
from twotower.diagnosis.factorial import Rung, Towers
from twotower.real import ratings
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    data = fits.taken(ratings.read(snakemake.input.data), spec["most"], spec["seed"])
    fresh = tensors.read(snakemake.input.fresh) if snakemake.input.fresh else None
    towers = Towers(**spec["towers"])
    rung = Rung(spec["rung"], towers, spec["training"], tuple(spec["shares"]))
    found = fits.measured(data, rung, spec["splits"], spec["seeds"], spec["seed"], fresh)
    if not found:
        print(f"Left out: {towers.weights():,} weights are too many for half of the ratings.")
    tensors.write(snakemake.output[0], found)
