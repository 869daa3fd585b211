"""A study at another commit and now, at the same time: `python benchmarks/against.py COMMIT`.

Both commits are cloned into a temporary folder and run side by side with this environment, one
core each, so that they see the same machine in the same minutes. Prints Markdown: processor
seconds of each rule's jobs and of both whole runs, as ratios of new to old, and how far slopes,
risks and verdicts moved. The new side is the last commit, or `--new`; changes that are not
committed do not count. `--results OLD NEW` compares the results of two folders and runs nothing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import against_results
import yaml

ROOT = Path(__file__).resolve().parents[1]
TIMES = "BENCHMARK_TIMES"
# Each Python process of a run imports this at its start. Snakemake's own benchmarks look at a job
# every half minute, and miss what it does after the last look.
HOOK = f"""
import atexit, os, resource, sys

def note():
    job = getattr(sys.modules["__main__"], "snakemake", None)
    rule = getattr(job, "rule", None)
    if isinstance(rule, str):
        used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        seconds = sum(each.ru_utime + each.ru_stime for each in used)
        line = rule + " " + format(seconds, ".6f") + "\\n"
        place = os.open(os.environ["{TIMES}"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        os.write(place, line.encode())
        os.close(place)

atexit.register(note)
"""
REST = "Snakemake itself, and what no rule holds"


class Side:
    """One commit's run in a folder of its own."""

    def __init__(self, folder: Path, commit: str):
        self.folder, self.times = folder, folder.with_suffix(".times")
        subprocess.run(["git", "clone", "--quiet", "--shared", ROOT, folder], check=True)
        checkout = ["git", "-C", folder, "checkout", "--quiet", "--detach", commit]
        subprocess.run(checkout, check=True)

    def start(self, study: str, hooks: Path) -> None:
        """Start its own Snakemake on its own study file, with one core."""
        kept = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
        hooked = {"PYTHONPATH": str(hooks), TIMES: str(self.times), "SHOW_RESULTS": "no"}
        command = [sys.executable, "-m", "snakemake", "--cores", "1", "--config", f"study={study}"]
        with self.folder.with_suffix(".log").open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=kept | hooked, stdout=log, stderr=log
            )

    def finish(self) -> Counter:
        """Processor seconds by rule when it is done, and the rest of the run's."""
        _, status, used = os.wait4(self.process.pid, 0)
        if status:
            tail = self.folder.with_suffix(".log").read_text(errors="replace")[-3000:]
            sys.exit(f"the study failed in {self.folder}:\n{tail}")
        seconds = Counter()
        for line in self.times.read_text().splitlines():
            rule, each = line.split()
            seconds[rule] += float(each)
        seconds[REST] = used.ru_utime + used.ru_stime - seconds.total()
        return seconds


def times(old: Counter, new: Counter) -> str:
    """The table of processor seconds, the slowest rules first."""
    lines = ["| rule | old, s | new, s | new / old |", "| --- | --- | --- | --- |"]
    for rule in sorted(old | new, key=lambda rule: -max(old[rule], new[rule])):
        both = rule in old and rule in new
        ratio = f"{new[rule] / old[rule]:.2f}" if both else "only one has it"
        name = rule if rule == REST else f"`{rule}`"
        lines.append(f"| {name} | {old[rule]:.1f} | {new[rule]:.1f} | {ratio} |")
    totals = old.total(), new.total()
    last = f"| **all** | {totals[0]:.1f} | {totals[1]:.1f} | **{totals[1] / totals[0]:.2f}** |"
    return "\n".join([*lines, last])


def named(commit: str) -> str:
    """A commit's short hash."""
    command = ["git", "-C", ROOT, "rev-parse", "--short", "--verify", f"{commit}^{{commit}}"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip() or sys.exit(f"{commit}: this repository has no such commit")


def run(commits: tuple[str, str], study: str) -> None:
    """Run both sides at the same time and print what is to be compared."""
    with tempfile.TemporaryDirectory() as temporary:
        hooks = Path(temporary) / "hooks"
        hooks.mkdir()
        (hooks / "sitecustomize.py").write_text(HOOK)
        folders = (Path(temporary) / "old", Path(temporary) / "new")
        sides = [Side(*each) for each in zip(folders, commits, strict=True)]
        settings = [yaml.safe_load((side.folder / study).read_text()) for side in sides]
        if settings[0] != settings[1]:
            print(f"The commits' own files {study} differ; each runs its own.\n", flush=True)
        try:
            for side in sides:
                side.start(study, hooks)
            used = [side.finish() for side in sides]
        finally:
            for side in sides:
                if hasattr(side, "process") and side.process.returncode is None:
                    side.process.terminate()
        print(f"`{study}` at {commits[0]} (old) and {commits[1]} (new), at the same time, one core")
        print(f"each; processor seconds:\n\n{times(*used)}\n")
        print(against_results.compared(*folders))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commit", nargs="?", help="the old side")
    parser.add_argument("--new", default="HEAD", help="the new side, a commit")
    parser.add_argument("--study", default="config.yaml", help="of both, or a full path")
    parser.add_argument("--results", nargs=2, type=Path, metavar=("OLD", "NEW"))
    given = parser.parse_args()
    if given.results:
        print(against_results.compared(*given.results))
    elif given.commit:
        run((named(given.commit), named(given.new)), given.study)
    else:
        parser.error("give the commit to compare with, or --results OLD NEW")


if __name__ == "__main__":
    main()
