"""Speed, each figure as a ratio measured in one run on one machine: `make bench`.

Without arguments everything is measured and printed as Markdown; `--only a b d` leaves out the
others. Part c runs the whole default study in a copy of the project.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import numpy as np  # noqa: E402
import torch  # noqa: E402
import yaml  # noqa: E402
from plain_cell import DATA  # noqa: E402

from twotower.base.seeds import generator  # noqa: E402
from twotower.data import ratings  # noqa: E402
from twotower.data.targets import draw_target  # noqa: E402
from twotower.evaluation.risks import risk  # noqa: E402
from twotower.records import job_log  # noqa: E402
from twotower.towers import training  # noqa: E402
from twotower.towers.networks import scores  # noqa: E402

ERM = {"alternations": 2, "joint_steps": 30}


def sample(columns: dict, rows: slice, width: int) -> training.Sample:
    """The given replicates of drawn ratings as a training sample."""
    parts = (columns[name][rows] for name in ("user_covariates", "item_covariates", "ratings"))
    replicates = range(len(columns["ratings"]))[rows]
    return training.Sample(
        *(torch.from_numpy(part) for part in parts),
        width=width,
        depth=1,
        rank=2,
        precision=torch.float64,
        random=lambda role: [generator(1, {}, role, r) for r in replicates],
    )


class PlainLoop:
    """What most people write: one network, modules, autograd, Adam on minibatches of 256."""

    def __init__(self, whole: training.Sample, replicate: int):
        torch.manual_seed(replicate)
        self.columns = [t[replicate] for t in (whole.users, whole.items, whole.ratings)]
        self.towers = [
            torch.nn.Sequential(
                torch.nn.Linear(1, whole.width),
                torch.nn.ReLU(),
                torch.nn.Linear(whole.width, whole.rank),
            ).double()
            for _ in range(2)
        ]
        parameters = [p for tower in self.towers for p in tower.parameters()]
        self.optimizer = torch.optim.Adam(parameters, lr=1.0e-2)

    def scores(self, users: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        return (self.towers[0](users) * self.towers[1](items)).sum(1)

    def train(self, steps: int) -> None:
        users, items, ratings_seen = self.columns
        for _ in range(steps):
            picks = torch.randint(len(ratings_seen), (256,))
            loss = (self.scores(users[picks], items[picks]) - ratings_seen[picks]).square().mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()

    def predict(self, users: torch.Tensor, items: torch.Tensor) -> np.ndarray:
        with torch.no_grad():
            return self.scores(users, items).numpy()


def plain_adam_against_erm(n: int = 8192, replicates: int = 12, most: float = 50.0) -> str:
    """(a) A plain loop, one network at a time, until it has the risk that erm has."""
    targets = {r: draw_target(1, DATA, r) for r in range(replicates)}
    data = ratings.draw_training(1, DATA, targets, n)
    test = ratings.draw_test(1, DATA, targets, 16384, 1)
    users, items = (torch.from_numpy(test[f"{t}_covariates"]) for t in ("user", "item"))
    width = round(n ** (1 / 3))
    whole = sample(data, slice(None), width)
    began = time.perf_counter()
    fit = training.erm(whole, ERM)
    seconds = (time.perf_counter() - began) / replicates
    bound = whole.ratings.abs().amax(dim=1).numpy()
    reached = risk(scores(fit.towers, users, items).numpy(), bound, test["signal"])["risk"]

    ratios, best = [], []
    for r in range(3):
        loop = PlainLoop(whole, r)
        spent, lowest = 0.0, np.inf
        while spent < most * seconds and lowest > reached[r]:
            began = time.perf_counter()
            loop.train(100)
            spent += time.perf_counter() - began
            found = loop.predict(users[r], items[r])
            lowest = min(lowest, risk(found[None], bound[[r]], test["signal"][[r]])["risk"][0])
        ratios.append(spent / seconds if lowest <= reached[r] else np.inf)
        best.append(lowest / reached[r])
    texts = [f"{v:.0f}" if np.isfinite(v) else f"not within {most:.0f}" for v in ratios]
    return (
        f"| a | plain PyTorch Adam, one network at a time: time to erm's risk over erm's time "
        f"(n = {n:,}, β = 1, d = 1; three networks; goal ≥ 20) | {', '.join(texts)}; lowest risk "
        f"reached over erm's: {', '.join(f'{b:.1f}' for b in best)} |"
    )


def batch_against_single(replicates: int = 12) -> list[str]:
    """(b) Networks a second, in one batch over one at a time, on one thread."""
    lines = []
    settings = {"erm": ERM, "adam": {"steps": 300, "batch_size": 256, "learning_rate": 1.0e-2}}
    targets = {r: draw_target(1, DATA, r) for r in range(replicates)}
    for arm, n in (("adam", 4096), ("erm", 512), ("erm", 4096)):
        data = ratings.draw_training(1, DATA, targets, n)
        for width in (8, 32):
            training.ARMS[arm](sample(data, slice(None), width), settings[arm])  # warms up
            times = []
            for groups in (
                [slice(None)],
                [slice(r, r + 1) for r in range(replicates)],
            ):
                began = time.perf_counter()
                for rows in groups:
                    training.ARMS[arm](sample(data, rows, width), settings[arm])
                times.append(time.perf_counter() - began)
            lines.append(
                f"| b | {arm}, n = {n:,}, width {width}: {replicates} networks in one batch over "
                f"one at a time (goal ≥ 4) | {times[1] / times[0]:.1f} "
                f"({replicates / times[0]:.1f} networks a second) |"
            )
    return lines


def copy_project(folder: Path) -> Path:
    """The project without results and environments."""
    skipped = shutil.ignore_patterns(".*", "results", "__pycache__")
    return Path(shutil.copytree(ROOT, folder / "project", ignore=skipped))


def run_study(project: Path, study: str) -> float:
    """Wall time of a study in seconds."""
    command = [sys.executable, "-m", "snakemake", "--config", f"study={study}"]
    began = time.perf_counter()
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    return time.perf_counter() - began


def share_outside_work() -> list[str]:
    """(c) Wall time of the default study that no core spent on numerical work."""
    with tempfile.TemporaryDirectory() as folder:
        project = copy_project(Path(folder))
        wall = run_study(project, "config.yaml")
        texts = [path.read_text() for path in (project / "results/logs").rglob("*.log")]
    work = sum(float(s) for t in texts for s in re.findall(rf"{job_log.WORKED} ([\d.]+)", t))
    cores = len(os.sched_getaffinity(0))
    return [
        f"| c | default study: share of {cores} cores' time outside numerical work "
        f"(goal ≤ 15%) | {1 - work / (cores * wall):.0%} (wall time {wall:.0f} s) |"
    ]


def growth() -> list[str]:
    """(d) Exponents of time in n (fixed width) and in the number of cells."""
    targets = {r: draw_target(1, DATA, r) for r in range(4)}
    sizes = [8192, 16384, 32768, 65536, 131072]
    data = ratings.draw_training(1, DATA, targets, sizes[-1])
    seconds = []
    for n in sizes:
        part = {name: column[:, :n] for name, column in data.items()}
        began = time.perf_counter()
        training.erm(sample(part, slice(None), 32), ERM)
        seconds.append(time.perf_counter() - began)
    in_n = np.polyfit(np.log(sizes), np.log(seconds), 1)[0]
    walls, counts = [], [2, 4, 8]
    with tempfile.TemporaryDirectory() as folder:
        project = copy_project(Path(folder))
        study = yaml.safe_load((project / "workflow/studies/tiny.yaml").read_text())
        for count in counts:
            study["experiments"] = {
                "noise": {"title": "Noise", "vary": {"noise_sd": [1.0 + c for c in range(count)]}}
            }
            (project / "bench.yaml").write_text(yaml.safe_dump(study))
            shutil.rmtree(project / "results", ignore_errors=True)
            walls.append(run_study(project, "bench.yaml"))
    in_cells = np.polyfit(np.log(counts), np.log(walls), 1)[0]
    found = ", ".join(f"{wall:.0f} s" for wall in walls)
    return [
        f"| d | erm's time against n, width 32, n = 8k … 128k: exponent (goal 1) | {in_n:.2f} |",
        f"| d | tiny study's wall time against its cells, {counts}: exponent (goal ≤ 1) "
        f"| {in_cells:.2f} ({found}) |",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices="abcd", default=list("abcd"))
    chosen = parser.parse_args().only
    torch.set_num_threads(1)
    print(f"Machine: {platform.machine()}, {len(os.sched_getaffinity(0))} cores, no GPU used.\n")
    print("| | measured | result |\n| --- | --- | --- |", flush=True)
    parts = {
        "a": lambda: [plain_adam_against_erm()],
        "b": batch_against_single,
        "c": share_outside_work,
        "d": growth,
    }
    for name in chosen:
        print("\n".join(parts[name]()), flush=True)


if __name__ == "__main__":
    main()
