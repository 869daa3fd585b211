"""Planted cases for `make diagnose`: is the limit that it names the true one?

    .venv/bin/python benchmarks/diagnose_cases.py --seed 7 --cases 60

Each case is a truth, ratings and towers, all drawn at random. It is diagnosed by the code that
`make diagnose` runs. The true parts of its error are those of `twotower.diagnosis.planted`. Cases
lean in turn towards one of the five parts, or towards none: that only shifts what is drawn, and the
true limit is whatever the truth says. A case is *clear* where its largest part is at least twice
the next. The rows go to --to as they come; a second start carries on.
"""

import argparse
import csv
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
from twotower.base import pins

pins.apply()

import numpy as np  # noqa: E402

from twotower.base import seeds  # noqa: E402
from twotower.diagnosis import components, factorial, findings, fits  # noqa: E402
from twotower.diagnosis.factorial import OWN  # noqa: E402
from twotower.diagnosis.kinds import truths  # noqa: E402
from twotower.diagnosis.worth import MORE_DATA  # noqa: E402

SPLITS, SEEDS = 3, 3
LEANS = ("none", *components.NAMES)
NEAR = 0.01
"""Of the error: by so much an interval may miss a part and nearly hold it."""


def draws(rng: np.random.Generator) -> tuple[Callable, Callable]:
    """Draws between two numbers: evenly by their logarithms, and whole ones, both ends included."""

    def scale(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    def whole(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    return scale, whole


def drawn(seed: int, index: int) -> tuple[dict, int, factorial.Towers]:
    """The data settings, the number of ratings and the towers of a case."""
    rng = seeds.generator(seed, {"diagnosis": "cases"}, "case", index)
    scale, whole = draws(rng)
    lean = LEANS[index % len(LEANS)]
    smoothness, dim = float(rng.uniform(0.5, 2.0)), whole(1, 2)
    n, width, steps, noise = scale(2e3, 3e4), scale(8, 48), scale(100, 3000), scale(0.1, 1.2)
    true_rank, rank = whole(1, 6), whole(1, 6)
    match lean:
        case "estimation":
            n, width, rank = scale(5e2, 1e4), scale(32, 96), whole(3, 8)
            noise, steps = scale(0.03, 0.5), scale(2e3, 4e3)
        case "approximation":
            dim, n, width, true_rank = 2, scale(6e3, 3e4), scale(4, 14), whole(1, 4)
            rank, noise, steps = max(rank, true_rank), scale(0.05, 0.4), scale(1500, 4000)
        case "rank":
            n, width, true_rank, rank = scale(6e3, 3e4), scale(24, 64), whole(4, 8), whole(1, 2)
            noise, steps = scale(0.05, 0.5), scale(1500, 4000)
        case "optimization":
            rank, noise, steps = max(rank, true_rank), scale(0.05, 0.5), scale(20, 300)
        case "noise floor":
            noise = scale(0.8, 1.5)
    spec = {"smoothness": smoothness, "support": "cube", "rank": true_rank, "noise_sd": noise}
    for tower in ("user", "item"):
        spec |= {f"{tower}_intrinsic_dim": dim, f"{tower}_ambient_dim": dim}
    return spec, round(n), factorial.Towers(round(width), 1, rank, round(steps), 256, 0.01)


def diagnosed(seed: int, index: int, drawn: Callable, leans: Sequence[str]) -> dict:
    """A row: the case, its true and its estimated parts, and both verdicts."""
    spec, n, towers = drawn(seed, index)
    planted = truths.of(spec)
    own = int(seeds.generator(seed, {"diagnosis": "cases"}, "seed", index).integers(2**31))
    began = time.process_time()
    target, data, fresh = planted.drawn(own, spec, n)
    trained = fits.trained(data, own)
    rungs = factorial.rungs(towers, trained)
    fitted = {
        name: fits.measured(data, rung, SPLITS, SEEDS, own, fresh) for name, rung in rungs.items()
    }
    truth = planted.truth_of(own, spec, rungs, fresh, fitted)
    found = findings.judged(data, rungs, fitted, SPLITS, own, truth)
    row = {"case": index, "lean": leans[index % len(leans)], "beta": spec["smoothness"]}
    row |= {"dim": spec["user_intrinsic_dim"], "n": n, "true_rank": spec["rank"]}
    row |= {"rank": towers.rank, "width": towers.width, "steps": towers.steps}
    row |= {key: spec[key] for key in ("noise_sd", "temperature", "catalogue") if key in spec}
    for part in found.components.to_dict("records"):
        row[f"true {part['part']}"] = part["truth"]
        row |= {f"{end} {part['part']}": part[end] for end in ("estimate", "low", "high")}
    for limit, among in zip(
        found.limits.to_dict("records"), (components.NAMES, components.BUYS), strict=True
    ):
        question = limit["question"]
        ordered = sorted(among, key=lambda name: -truth[name])
        row[f"{question} true"] = ordered[0]
        row[f"{question} named"] = limit["part"]
        row[f"{question} decided"] = limit["decided"]
        row[f"{question} clear"] = truth[ordered[0]] >= 2 * max(truth[ordered[1]], 0.0)
    worth = found.worth.set_index("purchase")
    risk = {
        name: arrays["risk/all"].mean() for name, arrays in fitted.items() if "risk/all" in arrays
    }
    if "catalogue" not in spec:
        risk["more"] = planted.risk_with(
            own, spec, target, rungs[OWN], MORE_DATA * trained, SPLITS * SEEDS, fresh
        )
        gain = risk[OWN] - risk["more"]
        row["held ten times the ratings"] = worth["low"].iloc[0] <= gain <= worth["high"].iloc[0]
        row |= {"true ten times": gain, "estimate ten times": worth["gain"].iloc[0]}
        row |= {f"{end} ten times": worth[end].iloc[0] for end in ("low", "high")}
    for purchase, rung in zip(worth.index[1:], tuple(factorial.OWN_RUNGS)[1:], strict=True):
        gain = risk[OWN] - risk[rung]
        row[f"held {purchase}"] = worth["low"][purchase] <= gain <= worth["high"][purchase]
    return row | {"seconds": time.process_time() - began}


def table(rows: list[dict], question: str) -> list[str]:
    """Right, wrong and not decided, by the true limit and by clarity."""

    def counted(chosen: list[dict]) -> str:
        decided = [row for row in chosen if row[f"{question} decided"] == "True"]
        right = sum(row[f"{question} true"] == row[f"{question} named"] for row in decided)
        return f"{len(chosen)} | {right} | {len(decided) - right} | {len(chosen) - len(decided)}"

    lines = [
        "| true limit | cases | right | wrong | not decided |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name in components.NAMES:
        if chosen := [row for row in rows if row[f"{question} true"] == name]:
            lines.append(f"| {name} | {counted(chosen)} |")
    for name, clear in (("clear cases", "True"), ("others", "False")):
        lines.append(
            f"| {name} | {counted([r for r in rows if r[f'{question} clear'] == clear])} |"
        )
    return [*lines, f"| all | {counted(rows)} |"]


def covered(rows: list[dict]) -> list[str]:
    """How often 95% intervals hold the truth, and how often they miss it by NEAR at most."""
    lines = []
    for name in components.NAMES:
        misses = []
        for row in rows:
            low, true, high = (float(row[f"{what} {name}"]) for what in ("low", "true", "high"))
            error = sum(float(row[f"true {part}"]) for part in components.NAMES)
            misses.append(max(low - true, true - high) / error)
        held, near = (np.mean(np.array(misses) <= most) for most in (0.0, NEAR))
        lines.append(f"{name}: {held:.0%} (nearly {near:.0%})")
    for key in rows[0]:
        if key.startswith("held "):
            lines.append(f"gain of {key[5:]}: {np.mean([row[key] == 'True' for row in rows]):.0%}")
    return lines


def main(
    about: str | None = __doc__, drawn: Callable = drawn, leans: Sequence[str] = LEANS
) -> None:
    """Diagnose the cases that `drawn` draws from a seed and a number."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--to", type=Path, default=Path("diagnose-cases.csv"))
    given = parser.parse_args()
    done = 0
    if given.to.exists():
        with open(given.to, encoding="utf-8") as file:
            done = len(list(csv.DictReader(file)))
    for index in range(done, given.cases):
        row = diagnosed(given.seed, index, drawn, leans)
        with open(given.to, "a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, row)
            if index == 0:
                writer.writeheader()
            writer.writerow(row)
    with open(given.to, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for question, title in (("largest", "The limit"), ("buy", "Of what can be bought")):
        print(f"\n{title}\n\n" + "\n".join(table(rows, question)))
    print("\n95% intervals that hold the truth: " + "; ".join(covered(rows)))
    print(f"{sum(float(row['seconds']) for row in rows):.0f} seconds of the processor")


if __name__ == "__main__":
    main()
