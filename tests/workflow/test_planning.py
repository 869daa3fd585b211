"""Large studies are planned within the bound of memory that the project set itself."""

import os
import re
import subprocess
import sys

MOST_BYTES = 2**30  # for 5,000 configurations; seconds are `make bench-planning`'s to measure


def test_5000_configurations_are_planned_within_a_gibibyte(project):
    dry_run = ["--dry-run", "--config", "study=workflow/studies/large.yaml"]
    project.python = sys.executable  # its memory is measured
    with subprocess.Popen(
        project.command(*dry_run),
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as process:
        printed = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, printed[-2000:]
    counts = dict(re.findall(r"^([a-z_]+) +(\d+)$", printed, re.MULTILINE))
    assert counts["train"] == "5000" and int(counts["total"]) > 10_000
    assert used.ru_maxrss * 1024 < MOST_BYTES
