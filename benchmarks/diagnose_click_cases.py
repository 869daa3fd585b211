"""Planted clicks for `make diagnose`: is the limit that it names the true one?

    .venv/bin/python benchmarks/diagnose_click_cases.py --seed 7 --cases 10 --to click-cases.csv

As `diagnose_cases.py`, for logs of clicks: each case is a truth, a catalogue, clicks and towers,
all drawn at random, and `twotower.diagnosis.kinds.click_truth` knows its parts. The noise floor,
the entropy of the choices, is always the largest part, so that what counts is the largest of those
that can be bought. Cases lean in turn towards one of these, or towards none.
"""

import diagnose_cases

from twotower.base import seeds
from twotower.diagnosis import components, factorial

LEANS = ("none", *components.BUYS)


def drawn(seed: int, index: int) -> tuple[dict, int, factorial.Towers]:
    """The data settings, the number of clicks and the towers of a case."""
    rng = seeds.generator(seed, {"diagnosis": "click cases"}, "case", index)
    scale, whole = diagnose_cases.draws(rng)
    lean = LEANS[index % len(LEANS)]
    smoothness, dim = float(rng.uniform(0.5, 2.0)), whole(1, 2)
    n, width, steps, temperature = scale(2e3, 8e3), scale(6, 24), scale(100, 1500), scale(0.3, 1)
    true_rank, rank, catalogue = whole(1, 5), whole(1, 4), whole(32, 128)
    match lean:
        case "estimation":
            n, width, rank, true_rank = scale(1.5e3, 2.5e3), scale(16, 32), whole(3, 4), whole(1, 2)
            temperature, steps = scale(0.5, 1.0), scale(1e3, 1.5e3)
        case "approximation":
            dim, n, width, true_rank = 2, scale(5e3, 1e4), scale(3, 8), whole(1, 3)
            rank, temperature, steps = max(rank, true_rank), scale(0.25, 0.4), scale(1e3, 1.5e3)
        case "rank":
            n, width, true_rank, rank = scale(4e3, 1e4), scale(12, 24), whole(4, 6), 1
            temperature, steps = scale(0.25, 0.4), scale(1e3, 1.5e3)
        case "optimization":
            rank, temperature, steps = max(rank, true_rank), scale(0.25, 0.5), scale(10, 100)
    spec = {"smoothness": smoothness, "support": "cube", "rank": true_rank, "sampling": "clicks"}
    spec |= {"catalogue": catalogue, "popularity_exponent": float(rng.uniform(0.0, 1.2))}
    spec |= {"temperature": temperature, "clicks_each": 1}
    for tower in ("user", "item"):
        spec |= {f"{tower}_intrinsic_dim": dim, f"{tower}_ambient_dim": dim}
    return spec, round(n), factorial.Towers(round(width), 1, rank, round(steps), 128, 0.01)


if __name__ == "__main__":
    diagnose_cases.main(__doc__, drawn, LEANS)
