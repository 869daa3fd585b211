"""What recording, sealing and verifying cost: `.venv/bin/python benchmarks/audits.py`.

For docs/audits.md. Seconds of CPU where a job's cost is meant, of the clock elsewhere.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from twotower.audits.seal import manifest  # noqa: E402
from twotower.audits.verify import verification  # noqa: E402
from twotower.records import environment, packages, run_records  # noqa: E402
from twotower.study import reading  # noqa: E402

JOB = """
import sys, time
sys.path.insert(0, {scripts!r})
import pandas
from twotower.base import files, identity, pins, seeds
from twotower.records import job_log
began = time.process_time()
from twotower.records import environment
environment.save(environment.current())
print(time.process_time() - began)
"""
STUDY = str(ROOT / "config.yaml")
GIGABYTE = 20  # files of 50 MB


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        packages.note(ROOT / environment.LOCK)
        script = JOB.format(scripts=str(ROOT / "scripts"))
        command = [sys.executable, "-c", script]
        jobs = [float(subprocess.run(command, capture_output=True).stdout) for _ in range(15)]
        print(f"environment of a job: {1e3 * statistics.median(jobs):.1f} ms of CPU (median of 15)")
        origin = {
            "file": STUDY,
            "given": {},
            "content": reading.load_study(STUDY),
            "settings": reading.read_study(STUDY).model_dump(),
        }
        print(f"record of a run: {_seconds(lambda: run_records.start(origin, [])):.2f} s")
        for number in range(GIGABYTE):
            place = Path(f"results/data/{number}/ratings.safetensors")
            place.parent.mkdir(parents=True)
            place.write_bytes(os.urandom(50_000_000))
        about = {"file": "config.yaml", "settings": "", "run": ""}
        sealed = manifest.build(".", about)
        print(f"manifest of 1 GB: {_seconds(lambda: manifest.build('.', about)):.1f} s")
        print(f"verify 1 GB: {_seconds(lambda: verification.examine(Path(), sealed)):.1f} s")


def _seconds(work) -> float:
    """Median of three."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


if __name__ == "__main__":
    main()
