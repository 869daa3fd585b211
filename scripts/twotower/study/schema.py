"""The study that config.yaml describes: its keys, what each may hold, and its JSON schema.

Arms stand in `arm_settings`, settings of a cell in `settings`, experiments in `experiments`. Checks
that need one key or its neighbours stand beside the key; those that need whole cells (an impossible
geometry, a cell given twice) stand in `conflicts`. `reading` reads the file and turns every fault
into one line.

`python -m twotower.study.schema` prints the JSON schema.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from twotower.base.values import Number, fault, shown
from twotower.study.arm_settings import Arms
from twotower.study.blocks.components import Components
from twotower.study.blocks.two_stages import TwoStages
from twotower.study.experiments import Experiment, Override
from twotower.study.settings import (
    Block,
    Name,
    SampleSize,
    SampleSizes,
    Settings,
    growing,
    without_null,
)

_MOST_RANKED = 2**26
SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Lemmas(Block):
    """Random networks on which the theory's lemmas are tried."""

    networks: Annotated[int, Number(1, 1_000_000)] = Field(
        1000, description="Networks that are re-parametrized."
    )
    depths: Annotated[
        tuple[Annotated[int, Number(1, 64)], ...], Field(min_length=1, strict=False)
    ] = Field((1, 2, 3), description="Hidden layers of the networks.")
    widths: Annotated[
        tuple[Annotated[int, Number(1, 4096)], ...], Field(min_length=1, strict=False)
    ] = Field((4, 16, 64), description="Units in each of their hidden layers.")


class Ranking(Block):
    """Lists of the best items for fresh users, judged by the truth, beside the risks."""

    users: Annotated[int, Number(2, 2**16)] = Field(
        256, description="Fresh users of each target for whom the items are ranked."
    )
    items: Annotated[int, Number(2, 2**20)] = Field(
        1024, description="Fresh items of each target that are ranked for every user."
    )
    k: Annotated[int, Number(1, 2**20)] = Field(
        10, description="Places of a list that count; fewer than the items."
    )

    @model_validator(mode="after")
    def _a_choice(self) -> Self:
        if self.k >= self.items:
            raise fault(f"k is {self.k:,} of {self.items:,} items", "a k below items")
        if self.users * self.items > _MOST_RANKED:
            found = f"{self.users:,} users times {self.items:,} items"
            allowed = f"at most {_MOST_RANKED:,} pairs in all"
            raise fault(found, allowed, "all of them are scored at once")
        return self


class Training(Block):
    """Number format and device of the training jobs."""

    precision: Literal["float64", "float32"] = Field(
        "float64",
        description="float64 agrees across code paths and devices; float32 drifts by percents.",
    )
    gpu: bool = Field(False, description="Whether training jobs ask for a graphics card.")


class Study(Block):
    """Everything that decides the numbers of a study."""

    name: Name = Field(description="Short name of the study.")
    seed: Annotated[int, Number(0, 2**32 - 1)] = Field(
        description="Key of every random stream; another seed is another draw of everything."
    )
    replicates: Annotated[int, Number(1, 10_000)] = Field(
        description="Independent targets and samples in each cell; 12 or more for sound intervals."
    )
    replicates_per_job: Annotated[int | None, Number(1, 10_000, or_null=True)] = Field(
        None,
        description="Replicates that share a training job; null: all of them. Fewer in a job "
        "make more jobs, and the same numbers.",
    )
    sample_sizes: SampleSizes = Field(
        description="Numbers of ratings n, growing; at least 2, but with few of them every "
        "verdict is inconclusive."
    )
    test_pairs: Annotated[int, Number(256, 2**22)] = Field(
        description="Fresh pairs of a user and an item on which the risk is measured."
    )
    certificate_sizes: Annotated[
        tuple[SampleSize, ...], Field(max_length=64, strict=False), AfterValidator(growing)
    ] = Field(
        (),
        description="Those of sample_sizes at which the optimization error is measured, beside "
        "the largest of each cell.",
    )
    certificate_replicates: Annotated[int, Number(0, 10_000)] = Field(
        4,
        description="Replicates, the first ones, on which it is measured; 0: it is not, and "
        "verdicts on towers stay inconclusive.",
    )
    arms: Arms = Field(description=Arms.__doc__)
    experiments: dict[Name, Experiment] = Field(
        min_length=1,
        description="Experiments by name.",
        json_schema_extra={"additionalProperties": False},
    )
    defaults: Settings = Field(
        default_factory=Settings,
        description="Settings of every cell unless its experiment sets or varies them.",
    )
    overrides: Annotated[tuple[Override, ...], Field(max_length=1000, strict=False)] = Field(
        (), description="Shapes of towers that suit some cells better than the default one."
    )
    training: Training = Field(default_factory=Training, description=Training.__doc__)
    lemmas: Lemmas | None = Field(None, description=Lemmas.__doc__, json_schema_extra=without_null)
    ranking: Ranking | None = Field(
        None, description=Ranking.__doc__, json_schema_extra=without_null
    )
    components: Components | None = Field(
        None, description=Components.__doc__, json_schema_extra=without_null
    )
    two_stages: TwoStages | None = Field(
        None, description=TwoStages.__doc__, json_schema_extra=without_null
    )

    def title(self, experiment: str) -> str:
        """The title of the experiment of that name; KeyError if there is none."""
        return self.experiments[experiment].title

    def blocks(self) -> list[tuple[int, int]]:
        """First and one past the last replicate of every training job of a configuration."""
        size = self.replicates_per_job or self.replicates
        starts = range(0, self.replicates, size)
        return [(first, min(first + size, self.replicates)) for first in starts]

    def certified(self, sizes: Sequence[int], settings: Mapping[str, Any]) -> list[int]:
        """Those of a cell's sizes, growing, at which the optimization error of an arm with these
        settings is measured: none where no layers are trained jointly.
        """
        if not self.certificate_replicates or settings.get("joint_steps") == 0:
            return []
        return [size for size in sizes if size in self.certificate_sizes or size == sizes[-1]]

    @field_validator("certificate_sizes")
    @classmethod
    def _among_sizes(cls, values: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        sizes = info.data.get("sample_sizes", values)
        for value in values:
            if value not in sizes:
                allowed = ", ".join(shown(size) for size in sizes)
                raise fault(f"{value} is not one of sample_sizes", allowed)
        return values


def json_schema() -> str:
    """The JSON schema of a study, as the text of workflow/schemas/study.schema.json."""
    schema = {"$schema": SCHEMA_DIALECT} | Study.model_json_schema()
    return json.dumps(schema, indent=2, sort_keys=True, allow_nan=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(json_schema())
