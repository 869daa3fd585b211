"""Why in-batch softmax costs less than softmax over all items: fits that differ in one thing.

    .venv/bin/python benchmarks/batch_costs.py --seed 8

The cell of experiment `batch_size` of workflow/studies/practice.yaml. All fits of a replicate have
the same clicks and the same random hidden layers, so that they are compared in pairs. Prints
Markdown: the ratio of mean risks with its 95% interval (Student, log scale, over replicates).

Hypotheses, written before these fits were run (but for two replicates of 1,024 clicks on seed 6, to
try the program), after the study, on seed 5, had given costs of 0.84 to 0.91:

1. *Margins.* The clicked items of a batch are its candidates. How often an item was clicked then
   cancels between both, and its share m is told by the correction: the M_i/(2n) nats that items'
   own scores cost (docs/theory.md, Clicks) fall away. The column `margins` says what follows,
   computed without a fit: about 0.84 where m is known, 0.88 for batches of 16 (seed 6). Shares
   counted in the training clicks bring the loss back, and more where items have few clicks: an item
   that is in a batch may be there by luck, so that its count is too high; less ½ it is about right.
   Full softmax whose shares are set to m afterwards gains as much, and in-batch softmax nothing.
   All this is so without joint steps, and with 60 of them.
2. *Steps.* A fixed number of joint steps regularizes in-batch softmax more. If so, the cost is
   B/(B − 1), the column `batch`, without joint steps, and nearer to it with 60; and counted shares
   cost as little as known ones.
3. *Offset.* Scores beside log m are easier to fit than those beside log q. If so, full softmax with
   log m in the place of log q has the lower risk too; the other two say that it has not.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "scripts")]

import twotower  # noqa: E402, F401, I001
import numpy as np  # noqa: E402
import torch  # noqa: E402

from twotower.analyses.cold_start import ratio_interval  # noqa: E402
from twotower.base.seeds import fit_stream  # noqa: E402
from twotower.data import clicks  # noqa: E402
from twotower.data.catalogue import (  # noqa: E402
    divergence,
    draw_catalogues,
    log_shares,
    log_softmax,
)
from twotower.data.targets import Target, draw_target  # noqa: E402
from twotower.diagnosis.kinds.click_fits import log_law  # noqa: E402
from twotower.predictions.targets.click_minimizer import click_minimizer  # noqa: E402
from twotower.study import arms, grid, reading  # noqa: E402
from twotower.theory.bound import Theory  # noqa: E402
from twotower.theory.width import units  # noqa: E402
from twotower.towers import networks  # noqa: E402
from twotower.towers.clicks import fits  # noqa: E402
from twotower.towers.clicks.losses import BATCH, FULL  # noqa: E402
from twotower.towers.samples import Clicks, Sample  # noqa: E402

USERS = 2048
_NEAR = 1.0e-6  # largest log ratio of a share to what it is set to


class Way(NamedTuple):
    """A way to fit. `share`: what it takes for m, of `shares`; `beside`: the logarithm that full
    softmax adds to the scores, of q or m; `is_set`: shares are set to m after the fit.
    """

    name: str
    kind: str = BATCH
    batch: int = 256
    share: str = "known"
    beside: str = "log_popularity"
    joint_steps: int = 15
    is_set: bool = False

    def due(self, risk: float, lost: float, own: float) -> tuple[float, float]:
        """The risk due of this fit from that of full softmax, its approximation error and what own
        scores cost: by hypothesis 1, and by the batch alone.
        """
        more = self.batch / (self.batch - 1) if self.kind == BATCH else 1.0
        is_told = self.is_set or (self.kind == BATCH and self.share == "known")
        whole = lost + (risk - lost) * more
        return whole - is_told * own * more, whole

    @property
    def fit(self) -> "Way":
        """What is fitted, whatever it is called and is done to it then."""
        return self._replace(name="", is_set=False)


_FULL = Way("full softmax", FULL)
WAYS = [
    (Way("in-batch, m known"), _FULL),
    (Way("in-batch, m counted", share="counted"), _FULL),
    (Way("in-batch of 16, m known", batch=16), _FULL),
    (Way("in-batch, m counted less ½", share="less"), _FULL),
    (_FULL._replace(name="full softmax, shares set to m", is_set=True), _FULL),
    (Way("in-batch, m known, shares set to m", is_set=True), Way("in-batch, m known")),
    (Way("in-batch, m counted, shares set to m", share="counted", is_set=True), _FULL),
    *(
        (Way(f"in-batch, m known, {n} joint steps", joint_steps=n), _FULL._replace(joint_steps=n))
        for n in (0, 60)
    ),
    (_FULL._replace(name="full softmax beside log m", beside="log_share"), _FULL),
]
"""Each with the one that it is compared with."""


class Drawn(NamedTuple):
    """A cell with the clicks of all replicates, and fresh users with their truth."""

    seed: int
    cell: dict
    targets: dict[int, Target]
    known: dict[str, np.ndarray]
    test: dict[str, np.ndarray]

    @classmethod
    def of(cls, seed: int, cell: dict, data: dict, count: int, n: int) -> "Drawn":
        targets = {r: draw_target(seed, data, r) for r in range(count)}
        known = {name: np.empty(shape) for name, shape in clicks.shapes(data, count, n).items()}
        place = seed, data, targets, draw_catalogues(seed, data, targets)
        clicks.fill(known, *place, n)
        return cls(seed, cell, targets, known, clicks.draw_test(*place, USERS))

    def towers(self, way: Way, n: int) -> networks.Towers:
        """Fitted to the first n clicks."""
        width = units(self.cell["width"], Theory.of(self.cell), n)
        column = {name: torch.from_numpy(each) for name, each in self.known.items()}
        items = column["items"][:, :n].long()
        known = self.known["catalogue_log_share"]
        share = torch.from_numpy(shares(way.share, known, items.numpy()))
        beside = column[f"catalogue_{way.beside}"]

        def random(role: str) -> list[np.random.Generator]:
            place = (self.seed, self.cell, arms.SOFTMAX_FULL, n, width, role)
            return [fit_stream(*place, r) for r in self.targets]

        sample = Sample(
            *(column[f"{side}_covariates"][:, :n] for side in ("user", "item")),
            column["ratings"][:, :n],
            width,
            self.cell["depth"],
            self.cell["rank"] + 1,
            torch.float64,
            random,
            clicks=Clicks(items, column["catalogue_covariates"], beside, share, way.batch),
        )
        steps = {"output_steps": 60, "joint_steps": way.joint_steps}
        return fits.full_batch(way.kind)(sample, steps).towers

    def risks(self, towers: networks.Towers, way: Way) -> np.ndarray:
        """The excess log loss of each replicate in the unit of `evaluation.click_risks`."""
        sides = zip(("user", "catalogue"), (towers.user, towers.item), strict=True)
        both = (
            networks.embeddings(layers, torch.from_numpy(self.test[f"{side}_covariates"])).numpy()
            for side, layers in sides
        )
        found = []
        for own, f, g in zip(self.fresh(), *both, strict=True):
            law, logits = log_law(own), f @ g.T + own[f"catalogue_{way.beside}"]
            if way.is_set:
                logits = with_shares(logits, np.exp(law).mean(axis=0))
            found.append(divergence(law, logits).mean())
        return np.array(found) / self.told()

    def due(self, n: int) -> tuple[float, float, float]:
        """Of full softmax, means over replicates: the risk due, what of it is approximation, and
        what the items' own scores cost, M_i/(2n) nats.
        """
        place = self.seed, self.cell, arms.SOFTMAX_FULL
        found = [click_minimizer(*place, target, r, [n]) for r, target in self.targets.items()]
        own = np.array([each.width[0] for each in found]) / (2 * n) / self.told()
        means = (np.mean([getattr(each, name) for each in found]) for name in ("risk", "lost"))
        return *means, own.mean()

    def fresh(self) -> Iterator[dict[str, np.ndarray]]:
        """Fresh users and the catalogue of each replicate."""
        for row in range(len(self.targets)):
            yield {name: each[row] for name, each in self.test.items()}

    def told(self) -> np.ndarray:
        """What the user tells of a click, in nats, [replicates]."""
        pairs = ((log_law(own), own["catalogue_log_share"]) for own in self.fresh())
        return np.array([divergence(*pair).mean() for pair in pairs])


def shares(way: str, known: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Log m [B, N] of clicks on items [B, n]: known, (clicks + ½) / (n + N/2) as in a diagnosis, or
    less: (clicks − ½) / n, since an item with λ clicks expected has 1 + λ in batches that hold it.
    """
    if way == "known":
        return known
    if way == "counted":
        return np.stack([log_shares(each, known.shape[1]) for each in items])
    clicked = np.stack([np.bincount(each, minlength=known.shape[1]) for each in items])
    return np.log(np.maximum(clicked - 0.5, 0.5) / items.shape[1])


def with_shares(logits: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Logits [m, N] plus a constant for each item, with which the mean law has these shares [N]
    (the contraction of Berry, Levinsohn & Pakes 1995).
    """
    while True:
        off = np.log(share) - np.log(np.exp(log_softmax(logits)).mean(axis=0))
        if np.abs(off).max() < _NEAR:
            return logits
        logits = logits + off


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--replicates", type=int, default=12)
    parser.add_argument("--sizes", type=int, nargs="+", default=[8192, 32768], metavar="CLICKS")
    parser.add_argument("--only-due", action="store_true", help="the predictions, without fits")
    given = parser.parse_args()
    torch.set_num_threads(1)
    study = reading.read_study(ROOT / "workflow/studies/practice.yaml")
    [cell] = [
        cell
        for cell in grid.cells(study)
        if "batch_size" in cell.experiments and cell.spec["click_batch"] == 256
    ]
    place = given.seed, cell.spec, cell.data_spec, given.replicates
    drawn = Drawn.of(*place, max(given.sizes))
    print("| clicks | fit | beside | margins | batch | measured |")
    print("| --- | --- | --- | --- | --- | --- |")
    for n in given.sizes:
        due = drawn.due(n)
        risks: dict[Way, np.ndarray] = {}
        towers: dict[Way, networks.Towers] = {}
        for pair in WAYS:
            ratios = [a / b for a, b in zip(*(way.due(*due) for way in pair), strict=True)]
            row = " | ".join([f"{n:,}", *(way.name for way in pair), *(f"{x:.2f}" for x in ratios)])
            for way in () if given.only_due else pair:
                if way.fit not in towers:
                    towers[way.fit] = drawn.towers(way.fit, n)
                if way not in risks:
                    risks[way] = drawn.risks(towers[way.fit], way)
            if not given.only_due:
                cost = ratio_interval(*(risks[way] for way in pair), 0.95)
                row += " | {:.2f} [{:.2f}, {:.2f}]".format(*cost)
            print(f"| {row} |", flush=True)


if __name__ == "__main__":
    main()
