"""Large studies are planned within the bounds that the project set itself."""

import os
import re
import subprocess

import psutil

MOST_SECONDS, MOST_BYTES = 15, 2**30  # the project's bounds for 5,000 configurations


def test_5000_configurations_are_planned_in_15_seconds_and_a_gibibyte(project):
    # Processor time, which waits for no other program; a plan is made by one thread. The dry run
    # goes on to print every job, which is no planning.
    dry_run = ["--dry-run", "--config", "study=workflow/studies/large.yaml"]
    with subprocess.Popen(
        project.command(*dry_run),
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as process:
        printed, spent = [], None
        for line in process.stdout:
            printed.append(line)
            if line.startswith("Job stats:") and spent is None:
                spent = psutil.Process(process.pid).cpu_times()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "".join(printed[-20:])
    counts = dict(re.findall(r"^([a-z_]+) +(\d+)$", "".join(printed), re.MULTILINE))
    assert counts["train"] == "5000" and int(counts["total"]) > 10_000
    assert spent.user + spent.system < MOST_SECONDS
    assert used.ru_maxrss * 1024 < MOST_BYTES
