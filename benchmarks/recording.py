"""What recording and sealing cost of a study: `.venv/bin/python benchmarks/recording.py [STUDY]`.

Runs the study (config.yaml by default) from nothing in a clone of the last commit that holds a
meter around all that records: in every job what comes before its work and after it, and the import
of what recording alone needs; in the run's main process the record of the run. Then it seals, and
gives all as a share of the run. For docs/audits.md.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
METER = """
import os, time

def now():
    return time.process_time(), time.perf_counter()

def tell(what, began):
    cpu, clock = (end - start for end, start in zip(now(), began))
    with open(os.environ["RECORDING_COSTS"], "a") as costs:
        costs.write(f"{what} {cpu} {clock}\\n")
"""
IMPORTED = """
from twotower.base import errors, files, identity, places, safe_names
from twotower.records import code_digest, environment, job_log, last_run
"""
IMPORT = """
from twotower import meter
from twotower.base import errors, files, identity, places
from twotower.records import job_log
_began = meter.now()
from twotower.base import safe_names
from twotower.records import code_digest, environment, last_run
meter.tell("import", _began)
"""
JOB = """
_bare_job = job

@contextmanager
def job(snakemake):
    began = meter.now()
    with _bare_job(snakemake) as spec:
        meter.tell("before", began)
        yield spec
        began = meter.now()
    meter.tell("after", began)
"""
RUN = """
_bare_start = start

def start(*given):
    began = job_records.meter.now()
    name = _bare_start(*given)
    job_records.meter.tell("run", began)
    return name
"""
PARTS = {
    "import": "imports for recording alone",
    "before": "jobs, before their work",
    "after": "jobs, after their work",
    "run": "record of the run",
}


def main(study: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clone, costs = Path(folder) / "clone", Path(folder) / "costs"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        (clone / ".venv").symlink_to(ROOT / ".venv")
        _put_meters(clone / "scripts/twotower")
        os.environ |= {"RECORDING_COSTS": str(costs)}
        run = ["make", "--old-file=.venv/installed", f"STUDY={study}"]
        cpu, clock = _seconds(run, clone)
        told = [line.split() for line in costs.read_text().splitlines()]
        seal = _seconds([".venv/bin/python", "scripts/seal.py"], clone)
    jobs = sum(part == "after" for part, *_ in told)
    print(f"{study}: {jobs} jobs, {cpu:,.0f} s of CPU, {clock:,.0f} s of the clock")
    spent = {
        words: [sum(float(row[column]) for row in told if row[0] == part) for column in (1, 2)]
        for part, words in PARTS.items()
    } | {"seal": seal}
    spent["all"] = [sum(column) for column in zip(*spent.values(), strict=True)]
    for words, (of_cpu, of_clock) in spent.items():
        share = f"{of_cpu / cpu:6.2%} of the run's CPU"
        print(f"{words:<28}{of_cpu:8.2f} s of CPU, {share}; {of_clock:8.2f} s of the clock")


def _put_meters(library: Path) -> None:
    (library / "meter.py").write_text(METER)
    for name, meters in {"job_records.py": JOB, "run_records.py": RUN}.items():
        path = library / "records" / name
        text = path.read_text(encoding="utf-8")
        if name == "job_records.py":
            assert IMPORTED in text, f"{name} imports other modules than this meter knows"
            text = text.replace(IMPORTED, IMPORT)
        path.write_text(text + meters, encoding="utf-8")


def _seconds(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds of CPU, of the command and all below it, and of the clock."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    after, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "config.yaml")
