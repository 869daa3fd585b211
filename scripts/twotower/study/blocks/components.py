"""The block `components` of a study: how many components embeddings need for good lists."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from twotower.base.values import Number, fault
from twotower.study.experiments import SetSettings
from twotower.study.settings import Block, Name, growing

_MOST_LISTED = 2**26
_MOST_FREE = 2**20
Places = Annotated[int, Number(1, 2**16)]


class Components(Block):
    """Lists that so many components allow: of the best embeddings, of free ones, and of towers."""

    experiments: Annotated[tuple[Name, ...], Field(min_length=1, max_length=64, strict=False)] = (
        Field(description="Experiments whose towers are judged; cells differ in embedding_dim.")
    )
    further: Annotated[tuple[SetSettings, ...], Field(max_length=64, strict=False)] = Field(
        (), description="Settings of further targets, for which no towers are fitted."
    )
    users: Annotated[int, Number(2, 2**16)] = Field(256, description="Fresh users of each target.")
    items: Annotated[int, Number(2, 2**20)] = Field(2048, description="Fresh items of each target.")
    ks: Annotated[
        tuple[Places, ...],
        Field(min_length=1, max_length=16, strict=False),
        AfterValidator(growing),
    ] = Field((1, 10, 100), description="Lengths of the lists, growing, all below free_items.")
    dims: Annotated[
        tuple[Annotated[int, Number(1, 256)], ...],
        Field(min_length=1, max_length=32, strict=False),
        AfterValidator(growing),
    ] = Field(
        (1, 2, 4, 8, 16, 32, 64), description="Components of the best and of the free embeddings."
    )
    recalls: Annotated[
        tuple[Annotated[float, Number(0, 1, whole=False, above_low=True)], ...],
        Field(min_length=1, max_length=16, strict=False),
    ] = Field((0.5, 0.7, 0.9), description="Shares of the best items that a list should hold.")
    free_targets: Annotated[int, Number(0, 10_000)] = Field(
        4, description="Targets, the first ones, for which free embeddings are trained."
    )
    free_users: Annotated[int, Number(2, 2**12)] = Field(
        128, description="Users, the first ones, to whose best sets free embeddings are trained."
    )
    free_items: Annotated[int, Number(2, 2**12)] = Field(
        256, description="Items, the first ones, that these sets are chosen from."
    )
    free_steps: Annotated[int, Number(1, 100_000)] = Field(
        1000, description="Steps of gradient descent for free embeddings, at most."
    )

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.users * self.items > _MOST_LISTED:
            found = f"{self.users:,} users times {self.items:,} items"
            raise fault(found, f"at most {_MOST_LISTED:,} pairs in all", "all are scored at once")
        if self.free_users > self.users or self.free_items > self.items:
            found = f"{self.free_users:,} free_users and {self.free_items:,} free_items"
            raise fault(found, f"at most the {self.users:,} users and {self.items:,} items")
        if self.ks[-1] >= self.free_items:
            found = f"k is {self.ks[-1]:,} of {self.free_items:,} free_items"
            raise fault(found, "ks below free_items")
        return self
