"""The tables of a diagnosis, its screen and its report."""

from pathlib import Path

from twotower.base import files, tensors
from twotower.diagnosis import factorial, findings, fits
from twotower.diagnosis.kinds import kind
from twotower.diagnosis.telling import screen
from twotower.real import ratings
from twotower.records import job_records

output = snakemake.output

with job_records.job(snakemake) as spec:
    data = fits.taken(ratings.read(snakemake.input.data), spec["most"], spec["seed"])
    rungs = factorial.rungs(factorial.Towers(**spec["towers"]), fits.trained(data, spec["seed"]))
    fitted = {
        name: tensors.read(path)
        for name, path in zip(spec["rungs"], snakemake.input.fits, strict=True)
        if name in rungs
    }
    truth = None
    if "cell" in spec:
        from twotower.diagnosis.kinds import truths  # for cells alone

        fresh = tensors.read(snakemake.input.fresh)
        truth = truths.of(spec["cell"]).truth_of(spec["seed"], spec["cell"], rungs, fresh, fitted)
    found = findings.judged(data, rungs, fitted, spec["splits"], spec["seed"], truth)
    for name, frame in vars(found).items():
        files.write_csv(frame, getattr(output, name))
    for write, path in ((screen.text, output.screen), (screen.report, output.report)):
        with files.atomic_write(Path(path)) as temporary:
            temporary.write_text(
                write(found, spec["subject"], rungs, kind.of(data)), encoding="utf-8"
            )
