"""The towers of one rung, fitted to all splits with all seeds."""

from twotower.base import tensors
from twotower.diagnosis import factorial, fits
from twotower.real import ratings
from twotower.records import job_records

with job_records.job(snakemake) as spec:
    data = fits.taken(ratings.read(snakemake.input.data), spec["most"], spec["seed"])
    fresh = tensors.read(snakemake.input.fresh) if snakemake.input.fresh else None
    towers = factorial.Towers(**spec["towers"])
    rung = factorial.rungs(towers, fits.trained(data, spec["seed"])).get(spec["rung"])
    found = {}
    if rung is None:
        print(f"Left out: {spec['rung']} has too many weights for half of the ratings.")
    else:
        found = fits.measured(data, rung, spec["splits"], spec["seeds"], spec["seed"], fresh)
    tensors.write(snakemake.output[0], found)
