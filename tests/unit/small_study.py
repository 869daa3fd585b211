"""A small sealed study by hand: two results of one rule, with records that may be forged."""

import json
import time
from pathlib import Path

from twotower.audits.seal import manifest, sealed_files
from twotower.audits.verify import verification
from twotower.base import identity
from twotower.records import environment, job_records
from twotower.records.reading import canonical

TABLE, OTHER = "results/tables/a.csv", "results/tables/b.csv"
RULE = """rule do:
    output:
        "results/tables/{name}.csv",
    script:
        "../../scripts/do.py"
"""
STUDY = {"file": "study.yaml", "settings": "0" * 64, "run": "0" * 16}


def make():
    """The study in this folder."""
    for path, text in {TABLE: "a\n", OTHER: "b\n", "Snakefile": "", "scripts/do.py": "",
                       "scripts/twotower/__init__.py": "", "study.yaml": "seed: 1\n",
                       "workflow/rules/all.smk": RULE}.items():  # fmt: skip
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)
    for path in (TABLE, OTHER):
        record(path)
    seal()


def record(path, **changes):
    used = environment.save(json.loads(json.dumps(environment.current())))
    about = {"rule": "do", "code": "c", "settings": "s", "inputs": {}, "outputs": [path]}
    job_records.write(path, about | {"environment": used} | changes)


def seal(**bytes_of):
    """The seal of all as it is; of a path a size may be said."""
    sealed = manifest.build(".", STUDY, Path())
    for path, size in bytes_of.items():
        sealed.files[path] = manifest.Entry("tables", size, "0" * 64)
    sealed_files.MANIFEST.parent.mkdir(exist_ok=True)
    sealed_files.MANIFEST.write_text(sealed.text())


def verified():
    began = time.perf_counter()
    found = verification.verify(".", project=Path())
    assert time.perf_counter() - began < 20
    return found


def rewritten(path, **changes):
    """The record of an output, with a digest that fits."""
    content = job_records.read(path) | changes
    digest = identity.digest(content).hex()
    job_records.record_path(path).write_text(canonical.text(content | {"record": digest}, 2))
