"""The size of a fit, and which of the ways to compute it the code chooses at that size."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from twotower.kernels import limits
from twotower.study.grid import Run
from twotower.study.schema import Study
from twotower.theory.bound import Theory
from twotower.theory.width import units
from twotower.towers import chunks
from twotower.towers.closed_form import limits as closed_form
from twotower.towers.steps import CLICK_BATCH, ORACLE_SIZES, certified_of


@dataclass(frozen=True)
class FitSize:
    """B networks of `depth` hidden layers of `width` units, fitted to n ratings.

    `dims` are the covariates of both sides, `rank` the components of the embeddings; `device` is
    "cpu" or "cuda". Of clicks also the items of the `catalogue`, and the clicks of a batch.
    """

    n: int
    width: int
    depth: int
    dims: tuple[int, int]
    rank: int
    batch: int
    precision: str = "float64"
    device: str = "cpu"
    catalogue: int = 0
    click_batch: int = 0

    @property
    def features(self) -> int:
        """M, units of the last hidden layer and the constant."""
        return self.width + 1

    def layers(self, dim: int) -> int:
        """Weights of a tower's hidden layers; biases are left out."""
        return dim * self.width + (self.depth - 1) * self.width**2

    @property
    def weights(self) -> int:
        """Weights of one network, both towers; biases are left out."""
        return sum(self.layers(dim) + self.width * self.rank for dim in self.dims)

    def way(self, sorts: bool) -> str:
        """How `objectives.SquaredError` is computed: "sorted", "fused", "deep", or "matrices"."""
        small = max(self.dims) <= limits.MOST_COVARIATES and self.rank <= limits.MOST_COMPONENTS
        if self.device != "cpu":
            return "matrices"
        if self.depth > 1 or not small:
            widest = max(self.width, self.rank, *self.dims)
            return "deep" if widest <= limits.MOST_DEEP_UNITS else "matrices"
        alone = sorts and self.dims == (1, 1) and self.n <= limits.MOST_PAIRS
        return "sorted" if alone else "fused"

    def by_hats(self, dim: int) -> bool:
        """Whether the closed form takes hat functions on a side of so many covariates."""
        return self.device == "cpu" and self.depth == 1 and dim == 1

    @property
    def is_solved(self) -> bool:
        """Whether dense normal equations are solved, not descended."""
        return self.features <= closed_form.SOLVED_SIZE

    @property
    def feature_bytes(self) -> int:
        """Bytes of one tower's dense features of the batch."""
        return 8 * self.batch * self.n * self.features

    @property
    def keeps_features(self) -> bool:
        """Whether dense features stay in memory."""
        return self.feature_bytes <= closed_form.KEPT_BYTES[self.device] // 2

    @property
    def feature_chunks(self) -> float:
        """Chunks in which the closed form takes dense features."""
        return self.n / max(closed_form.FEWEST_ROWS, closed_form.ELEMENTS["cpu"] // self.features)

    def chunks(self, n: int) -> int:
        """Chunks in which matrix products take n pairs."""
        return math.ceil(n / chunks.rows(self.width, self.device, self.batch))


@dataclass(frozen=True)
class Certificate:
    """Sizes at which a job measures the optimization error, and of how many of its replicates."""

    sizes: Sequence[int]
    batch: int

    @classmethod
    def of(cls, study: Study, run: Run, replicates: range) -> Self:
        """That of a run, in the job of a block of replicates."""
        sizes = study.certified(run.cell.sample_sizes, run.settings)
        batch = len(certified_of(replicates, study.certificate_replicates))
        return cls(sizes if batch else (), batch)

    def oracle(self, fit: FitSize, largest: int) -> FitSize:
        """The fit of the oracle start of a fit, where the largest sample has so many ratings."""
        rank = fit.rank - (fit.catalogue > 0)  # without an item's own score
        return replace(fit, n=min(ORACLE_SIZES * fit.n, largest), batch=self.batch, rank=rank)


def fits_of(
    cell: dict,
    sizes: Sequence[int],
    batch: int,
    precision: str = "float64",
    device: str = "cpu",
) -> dict[int, FitSize]:
    """The fit at each sample size of a cell, given by its specification."""
    theory = Theory.of(cell)
    dims = (cell["user_ambient_dim"], cell["item_ambient_dim"])
    rank, clicks = cell.get("embedding_dim", cell["rank"]), ()
    if cell.get("sampling") == "clicks":
        rank += 1  # an item's own score
        clicks = (cell["catalogue"], cell.get("click_batch", CLICK_BATCH))
    shape = (cell["depth"], dims, rank, batch, precision, device, *clicks)
    return {n: FitSize(n, units(cell["width"], theory, n), *shape) for n in sizes}
