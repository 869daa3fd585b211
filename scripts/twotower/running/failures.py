"""For each failed job: its rule, the settings that its ids stand for, and its last log lines."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twotower.base import console
from twotower.base.words import count
from twotower.records.job_log import WORKED
from twotower.study.grid import PLAIN, Cell, Run
from twotower.study.settings import Settings

MOST_LINES = 40
"""Last lines of a log that are shown: a traceback and what led to it."""
_MOST_BYTES = 2**15
REMEDIES = {
    "No space left on device": "the disk is full: free some space where results/ is",
    "Disk quota exceeded": "the quota is used up: free some space where results/ is",
    "Read-only file system": "results/ cannot be written to: see `make doctor`",
    "ModuleNotFoundError": console.INSTALL,
    "CUDA out of memory": "the card's memory is full: fewer replicates_per_job, or gpu: false",
    "MemoryError": "memory is full: fewer replicates_per_job, or fewer jobs at once (--cores)",
    "can't allocate memory": "memory is full: fewer replicates_per_job, or fewer jobs at once",
    "OUT_OF_MEMORY": "it needs more memory: the rule's mem_mb, or fewer replicates_per_job",
    "DUE TO TIME LIMIT": "it needs more time: the rule's runtime, or fewer replicates_per_job",
}
"""Text in a log → what helps."""
# Width and depth are always named; the embeddings' components where they are not the truth's.
_ALWAYS_NAMED = ("schedule", "depth", "embedding_dim")


@dataclass(frozen=True)
class Names:
    """Tables of what the wildcards of a study's jobs stand for: no file name is parsed.

    Attributes:
        runs: by id.
        cells: all of the study.
        blocks: first and one past the last replicate of each block.
        titles: experiment → title.
    """

    runs: Mapping[str, Run]
    cells: Sequence[Cell]
    blocks: Sequence[tuple[int, int]]
    titles: Mapping[str, str]

    def words(self, wildcards: Mapping[str, str]) -> str:
        """The settings that a job's wildcards stand for; "" if they stand for no settings."""
        given = dict(wildcards)
        fit = given.pop("fit", None)
        run = self.runs.get(given.get("run", fit))
        parts = []
        if run is not None:
            parts += [f"{run.arm}, {cell_words(run.cell)}", _sizes([run.cell])]
        elif cells := [c for c in self.cells if c.data_id in (given.get("data"), _data(fit, c))]:
            parts += [f"{'reference, ' if fit else ''}{data_words(cells[0])}", _sizes(cells)]
        elif given.get("experiment") in self.titles:
            parts.append(self.titles[given["experiment"]])
        if parts and (run is not None or "data" in given or fit):
            parts.append(self._replicates(given.get("block")))
        return "; ".join(parts)

    def _replicates(self, block: str | None) -> str:
        first, last = (self.blocks[0][0], self.blocks[-1][1])
        if block is not None:
            first, last = self.blocks[int(block)]
        return f"replicates {first} to {last - 1}" if last - first > 1 else f"replicate {first}"


@dataclass
class Failure:
    """A job that failed, once or several times.

    Attributes:
        rule: name of its rule.
        wildcards: as Snakemake gives them.
        words: from `Names.words`.
        logs: paths, the job's own first; those of a cluster follow.
        status: what the executor reported, such as Slurm's status; "" for no report.
        attempts: number of times that it failed.
    """

    rule: str
    wildcards: Mapping[str, str]
    words: str
    logs: Sequence[str] = field(default_factory=list)
    status: str = ""
    attempts: int = 1

    @property
    def name(self) -> str:
        """Rule and wildcards, such as "train, run 0c4b…, block 0"."""
        return ", ".join([self.rule, *(f"{key} {self.wildcards[key]}" for key in self.wildcards)])

    def report(self) -> str:
        """Several lines: the job, its settings, how it ended if known, and its logs."""
        again = f" (attempt {self.attempts})" if self.attempts > 1 else ""
        lines = [f"Job failed{again}: {self.name}"]
        if self.words:
            lines.append(f"  settings: {self.words}")
        if self.status:
            lines.append(f"  status: {' '.join(self.status.split())}")
        for index, path in enumerate(self.logs):
            text = tail(path)
            lines.append(f"  log: {path}")
            lines += [f"    {line}" for line in text if not line.startswith(WORKED)]
            if index == 0 and (end := _untold_end(path, text)):
                lines.append(f"  {end}")
            if remedy := next(
                (REMEDIES[cause] for cause in REMEDIES if cause in "".join(text)), ""
            ):
                lines.append(f"  hint: {remedy}")
        return "\n".join(lines)

    def line(self) -> str:
        """One line: the job, its settings, and where its log is."""
        words = f" ({self.words})" if self.words else ""
        written = [path for path in self.logs if Path(path).exists()]
        return f"{self.name}{words}: {written[0] if written else 'no log, it never began'}"


def summary(failures: Sequence[Failure]) -> str:
    """One line for each job that failed for good, and how to carry on."""
    lines = [f"{count(len(failures), 'job')} failed; the last lines of each log stand above:"]
    lines += [f"  {failure.line()}" for failure in failures]
    return "\n".join([*lines, "Finished jobs are kept: mend the cause, then `make resume`."])


def hint(message: str, targets: Sequence[str]) -> str:
    """What helps with a message of Snakemake about a target; "" for any other message."""
    named = re.search("No rule to produce ([^ ]+)", message)
    if named:
        close = difflib.get_close_matches(named[1], targets, n=1)
        guess = f"; did you mean {close[0]!r}?" if close else ""
        return f"This study's targets: {', '.join(targets)}, and the files of results/{guess}"
    if "InputFunctionException" in message and re.search("KeyError: '[0-9a-f]{10}'", message):
        return "No run or data set of this study has that id; results/index.csv lists them all."
    return ""


def data_words(cell: Cell) -> str:
    """The settings of a cell's data: β, d, D, and each setting that has an unusual value."""
    from twotower.study import (
        labels,  # it loads pandas, which no run without a failed job needs here
    )

    columns = cell.columns()
    sides = [("β", labels.betas_text(columns)), ("d", labels.dims_text(columns))]
    words = [labels.by_side(*side).replace("$", "") for side in sides]
    words.append(f"D = {columns['ambient_dim']}")
    usual = PLAIN | Settings().model_dump()
    for name in labels.OPTIONAL_SETTINGS:
        value = columns.get(name)  # cells of clicks have more settings
        if name not in _ALWAYS_NAMED and value not in (None, usual[name]):
            words.append(labels.setting_text(name, value))
    return ", ".join(word for word in words if word)


def cell_words(cell: Cell) -> str:
    """The same with the shape of the towers."""
    columns = cell.columns()
    words = [data_words(cell), f"depth {columns['depth']}"]
    if columns["embedding_dim"] != columns["rank"]:
        words.append(f"fitted p = {columns['embedding_dim']}")
    if columns["schedule"] == "fixed":
        words.append(f"width {columns['width_constant']}")
    else:
        words.append(f"width {columns['schedule']} c = {columns['width_constant']:g}")
    return ", ".join(words)


def tail(path: str | Path) -> list[str]:
    """The last lines of a log as printable text; [] if it is empty or missing."""
    try:
        with open(path, "rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _MOST_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
    lines = [
        "".join(c if c.isprintable() else " " for c in line).rstrip() for line in text.split("\n")
    ]
    lines = [line for line in lines if line]
    dropped = len(lines) - MOST_LINES
    return [f"… (last {MOST_LINES} lines)", *lines[-MOST_LINES:]] if dropped > 0 else lines


def _untold_end(path: str, lines: Sequence[str]) -> str:
    """Explain why the log does not show how the job ended; "" if it shows that."""
    if any(WORKED in line for line in lines[-3:]):  # written on every exit that Python sees
        return ""
    if lines:
        found = "the log stops in the middle, so the job was killed"
    elif Path(path).exists():
        found = "the log is empty, so the job was killed as it began"
    else:
        return "there is no such log: the job never began; see Snakemake's own lines above"
    return f"{found}: out of memory, out of time, or by hand; fewer jobs at once need less memory"


def _sizes(cells: Sequence[Cell]) -> str:
    sizes = {size for cell in cells for size in cell.sample_sizes}
    return f"n = {min(sizes):,} to {max(sizes):,}"


def _data(fit: str | None, cell: Cell) -> str | None:
    """The data set of a cell if `fit` is the reference estimator on it."""
    return cell.data_id if fit == f"reference-{cell.data_id}" else None
