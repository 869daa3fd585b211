"""Retrieval, then ranking, by the size of the catalogue: `make bench-retrieval`.

Towers are trained on ratings with known truth; catalogues of new items, up to a million of them,
are searched for new users by exact and approximate indexes. Prints Markdown for docs/retrieval.md;
writes every setting's figures to results/retrieval.csv and results/retrieval.{pdf,svg,png}.
All times are of the processor, on one thread, so that other work on the machine hardly matters.
"""

import argparse
import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from twotower.base import pins  # noqa: E402

pins.apply()

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import retrieval_markdown  # noqa: E402
import torch  # noqa: E402

from twotower.base import files  # noqa: E402
from twotower.base.seeds import generator  # noqa: E402
from twotower.data import ratings  # noqa: E402
from twotower.data.targets import Target, draw_target  # noqa: E402
from twotower.evaluation.risks import risk  # noqa: E402
from twotower.report import style  # noqa: E402
from twotower.retrieval import figures, indexes, tables  # noqa: E402
from twotower.towers import training  # noqa: E402
from twotower.towers.networks import Towers, embeddings, scores  # noqa: E402

SEED = 1
K = 10
SIZES = [300, 1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000]
USERS = 256  # of whom recall and regret are means
SINGLE = 64  # of them come one at a time
ROUNDS = 5
EFFORTS = {  # up to the first that finds all
    "exact": [None],
    "ivf": [1, 2, 4, 8, 16, 32, 64, 128, 256],
    "ivf_sq8": [1, 4, 16, 64],
    "ivf_raw": [1, 4, 16, 64, 256],
    "hnsw": [10, 40, 160, 640],
}
MOST_ITEMS = {"hnsw": 100_000}  # a graph of a million takes minutes to build
CANDIDATES = {"ivf_sq8": [10, 30, 100]}  # of the others K: their scores are those of stage two
ERM = {"alternations": 2, "joint_steps": 30}


@dataclass(frozen=True)
class Case:
    """Data, and the towers for them.

    Without ratings (n = 0) there are no towers: users and items are normal in all p components, the
    hardest embeddings for an index, and the model is the truth.
    """

    title: str
    smoothness: float
    dim: int
    rank: int
    n: int
    width: int

    @property
    def data(self) -> dict:
        dims = {f"{t}_{kind}_dim": self.dim for t in ("user", "item") for kind in KINDS_OF_DIM}
        return dims | {
            "smoothness": self.smoothness,
            "support": "cube",
            "rank": self.rank,
            "noise_sd": 1.0,
        }


Search = Callable[[np.ndarray], indexes.Found]
KINDS_OF_DIM = ("intrinsic", "ambient")
CASES = [
    Case("p = 2, d = 1", 1.0, 1, 2, 65_536, 40),
    Case("p = 16, d = 2", 1.0, 2, 16, 65_536, 48),
    Case("p = 32, normal", 1.0, 1, 32, 0, 0),
]


def trained(case: Case, target: Target) -> tuple[Towers, str]:
    """Towers fitted by erm to the case's ratings, and a line on them."""
    data = ratings.draw_training(SEED, case.data, {0: target}, case.n)
    columns = ("user_covariates", "item_covariates", "ratings")
    sample = training.Sample(
        *(torch.from_numpy(data[name]) for name in columns),
        width=case.width,
        depth=1,
        rank=case.rank,
        precision=torch.float64,
        random=lambda role: [generator(SEED, case.data, role, 0)],
    )
    towers = training.erm(sample, ERM).towers
    test = ratings.draw_test(SEED, case.data, {0: target}, 16_384, 1)
    users, items = (torch.from_numpy(test[f"{t}_covariates"]) for t in ("user", "item"))
    bound = sample.ratings.abs().amax(dim=1).numpy()
    found = risk(scores(towers, users, items).numpy(), bound, test["signal"])["risk"][0]
    return towers, (
        f"{case.title}, β = {case.smoothness:g}: {case.n:,} ratings, width {case.width}; risk "
        f"{found:.3f} of a signal of variance 1"
    )


def drawn(
    case: Case, target: Target, towers: Towers, tower: str, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """New users or items: embeddings by the towers and by the truth, [count, p] each."""
    rng = generator(SEED, case.data, f"catalogue_{tower}s", 0)
    coordinates = rng.random((count, case.dim))
    truth = getattr(target, tower)
    covariates = torch.from_numpy(truth.support.covariates(coordinates))[None]
    fitted = embeddings(getattr(towers, tower), covariates)[0].numpy()
    return fitted, truth.values(coordinates)


def prepared(case: Case, count: int) -> tuple[tuple, tuple, str]:
    """Users and items as of `drawn`, so many of these, and a line on the model."""
    if not case.n:
        sides = []
        for tower, rows in (("user", USERS), ("item", count)):
            rng = generator(SEED, case.data, f"catalogue_{tower}s", 0)
            values = rng.standard_normal((rows, case.rank)) / case.rank**0.25
            sides.append((values, values))
        return *sides, f"{case.title}: no towers, the embeddings are the truth"
    target = draw_target(SEED, case.data, 0)
    towers, about = trained(case, target)
    users = drawn(case, target, towers, "user", USERS)
    return users, drawn(case, target, towers, "item", count), about


def interval(name: str, values: np.ndarray) -> dict[str, float]:
    """Mean over users with its 95% interval, by the normal approximation."""
    half = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
    mean = values.mean()
    return {name: mean, f"{name}_low": mean - half, f"{name}_high": mean + half}


def settings(index: indexes.Index) -> list[tuple[int, int | None]]:
    """Candidates and effort of every search to be measured; efforts beyond all lists are one."""
    lists = getattr(index.stage_one, "nlist", None)
    efforts = EFFORTS[index.kind]
    if lists is not None:
        efforts = [e for e in efforts if e < lists] or [1]
    return [(c, e) for c in CANDIDATES.get(index.kind, [K]) for e in efforts]


def measure(case: Case, users: tuple, items: tuple) -> list[dict]:
    """A row for each index and setting over one catalogue; embeddings as of `drawn`."""
    fitted, true = zip(users, items, strict=True)
    exact = indexes.exact_top(*fitted, K)
    best = indexes.exact_top(*true, K).scores

    def regret(found: indexes.Found) -> np.ndarray:
        shown = (true[1][found.ids] * true[0][:, None]).sum(axis=2)
        return indexes.regret(shown, best)

    alone = regret(exact)
    rows, searches = [], []
    for kind in indexes.INDEXES:
        if len(fitted[1]) > MOST_ITEMS.get(kind, SIZES[-1]):
            continue
        began = time.thread_time()
        index = indexes.build(kind, fitted[1])
        seconds = time.thread_time() - began
        complete = set()  # numbers of candidates with which a smaller effort finds all
        for candidates, effort in settings(index):
            if candidates in complete:
                continue

            def search(embedded, index=index, candidates=candidates, effort=effort):
                return index.search(embedded, K, candidates, effort)

            found = search(fitted[0])  # warms up as well
            share = indexes.recall(found, exact)
            if share.min() == 1.0:
                complete.add(candidates)
            searches.append(search)
            rows.append(
                {"case": case.title, "items": len(fitted[1]), "kind": kind, "effort": effort}
                | {"candidates": candidates, "build": seconds, "bytes": index.bytes}
                | interval("recall", share)
                | interval("regret", alone)
                | interval("added", regret(found) - alone)
                | {"best": best.mean()}
            )
    timed = speeds(searches, brute_force(fitted[1]), fitted[0])
    return [row | speed for row, speed in zip(rows, timed, strict=True)]


def brute_force(items: np.ndarray) -> Search:
    """Exact search as most people write it: a product in float32 and a partition; for one user."""
    narrow, k = items.astype(np.float32), min(K, len(items))

    def search(user: np.ndarray) -> indexes.Found:
        products = narrow @ user[0].astype(np.float32)
        candidates = np.argpartition(products, len(items) - k)[len(items) - k :]
        return indexes.rerank(user, items, candidates[None], k)

    return search


def speeds(searches: list[Search], plain: Search, users: np.ndarray) -> list[dict]:
    """Latency and throughput of each search: medians over rounds in which all take their turn.

    Ratios are those to the first search in the same round, and to the plain one.
    """
    single = users[:SINGLE]
    plain(single[:1])
    rounds, plain_rounds = [], []
    for _ in range(ROUNDS):
        plain_rounds.append(np.median(indexes.latencies(plain, single)))
        rounds.append(
            [
                (
                    *np.percentile(indexes.latencies(search, single), [50, 95]),
                    indexes.throughput(search, users),
                )
                for search in searches
            ]
        )
    late = np.array(rounds)  # [rounds, searches, 3]
    found = {
        "median": np.median(late[:, :, 0], axis=0),
        "late": np.median(late[:, :, 1], axis=0),
        "batch": np.median(late[:, :, 2], axis=0),
        "ratio": np.median(late[:, :1, 0] / late[:, :, 0], axis=0),
        "batch_ratio": np.median(late[:, :, 2] / late[:, :1, 2], axis=0),
        "plain_ratio": np.median(np.array(plain_rounds)[:, None] / late[:, :, 0], axis=0),
    }
    return pd.DataFrame(found).to_dict("records")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="skip larger catalogues")
    parser.add_argument("--results", type=Path, default=ROOT / "results", help="folder to write to")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    cores = len(os.sched_getaffinity(0))
    print(f"Machine: {platform.machine()}, {cores} cores, one used; load {os.getloadavg()[0]:.1f}.")
    rows, began = [], time.perf_counter()
    sizes = [size for size in SIZES if size <= chosen.largest]
    for case in CASES:
        users, items, about = prepared(case, sizes[-1])
        print(f"\n{about}; {time.perf_counter() - began:.0f} s", flush=True)
        for size in sizes:
            rows += measure(case, users, tuple(part[:size] for part in items))
            print(f"{size:,} items: {time.perf_counter() - began:.0f} s", flush=True)
    frame = pd.DataFrame(rows)
    files.write_csv(frame, chosen.results / "retrieval.csv")
    style.save_figure(figures.retrieval(frame, K), chosen.results / "retrieval")
    for table in retrieval_markdown.tables(frame, K):
        print("", *table, sep="\n")
    for case, part in frame.groupby("case", sort=False):
        points = [
            tables.pays_text(tables.pays_from(part, times), part["items"]) for times in (1, 2, 10)
        ]
        print(
            f"\n{case}: approximate search is faster than either exact one {points[0]}, twice "
            f"as fast {points[1]}, ten times {points[2]}."
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(f"\nPeak memory {peak:,.0f} MiB; load at the end {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    main()
