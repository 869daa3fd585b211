"""The block `two_stages` of a study: retrieval by towers, then a ranker."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from twotower.base.values import Number, fault
from twotower.study.settings import Block, Name, growing

APPROXIMATE = ("ivf", "ivf_sq8", "hnsw")
"""Indexes of `retrieval.indexes` that do not look at every item."""
_MOST_SCORED = 2**26


class TwoStages(Block):
    """Towers retrieve candidates from a catalogue and a ranker orders them: what does each lose?"""

    experiments: Annotated[tuple[Name, ...], Field(min_length=1, max_length=64, strict=False)] = (
        Field(description="Experiments whose towers retrieve.")
    )
    users: Annotated[int, Number(2, 2**14)] = Field(32, description="Fresh users of each target.")
    catalogues: Annotated[
        tuple[Annotated[int, Number(16, 2**24)], ...],
        Field(min_length=1, max_length=8, strict=False),
        AfterValidator(growing),
    ] = Field((10_000, 100_000, 1_000_000), description="Fresh items to choose from, growing.")
    candidates: Annotated[
        tuple[Annotated[int, Number(1, 2**20)], ...],
        Field(min_length=1, max_length=16, strict=False),
        AfterValidator(growing),
    ] = Field((10, 100, 1000), description="Items that are retrieved, growing.")
    k: Annotated[int, Number(1, 2**16)] = Field(10, description="Places of the final list.")
    targets: Annotated[int, Number(1, 10_000)] = Field(
        6, description="Targets, the first ones, that are tried; all if there are fewer."
    )
    budget: Annotated[int, Number(1, 64)] = Field(
        3, description="Settings of the ranker that are tried on held-out ratings."
    )
    approximate: Literal[APPROXIMATE] | None = Field(
        "ivf", description="Index tried beside exact search in the largest catalogue; null: none."
    )
    effort: Annotated[int, Number(1, 2**16)] = Field(
        16, description="Its effort: lists that are looked at (nprobe), or efSearch of a graph."
    )

    @model_validator(mode="after")
    def _candidates_fit(self) -> Self:
        first, last = self.candidates[0], self.candidates[-1]
        if first < self.k:
            raise fault(f"{first:,} candidates for k = {self.k:,}", "k candidates or more")
        if last > self.catalogues[0]:
            found = f"{last:,} candidates of {self.catalogues[0]:,} items"
            raise fault(found, "at most as many as the smallest of catalogues")
        if self.users * last > _MOST_SCORED:
            found = f"{self.users:,} users times {last:,} candidates"
            raise fault(found, f"at most {_MOST_SCORED:,} pairs in all", "all are scored at once")
        return self
