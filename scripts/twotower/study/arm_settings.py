"""Settings of the arms: a block for each kind of arm, and the block `arms` of a study.

Arms of `twotower.study.arms.COMPARATORS` all have `ComparatorSettings`; another arm is a field of
`_Arms`, with a block of its own.
"""

from collections.abc import ItemsView, Iterator, KeysView, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, create_model, field_validator, model_serializer, model_validator

from twotower.base.values import Number, fault
from twotower.study import arms
from twotower.study.settings import Block, without_null

NoiseFreeSteps = Annotated[int | None, Number(0, 100_000, or_null=True)]
_NOISE_FREE = "Takes the place of joint_steps in cells with noise_sd 0; null: joint_steps."


class ErmSettings(Block):
    """The empirical risk minimizer: a closed-form start, then joint training of all layers."""

    alternations: Annotated[int, Number(1, 1000)] = Field(
        2,
        description="Rounds of alternating least squares over the towers' last layers. From 2 on "
        "a network goes on while its training error clearly falls.",
    )
    joint_steps: Annotated[int, Number(0, 100_000)] = Field(
        30,
        description="Full-batch evaluations of L-BFGS over all layers; 0 leaves them out, and the "
        "optimization error with them.",
    )
    noise_free_steps: NoiseFreeSteps = Field(None, description=_NOISE_FREE)


class AdamSettings(Block):
    """Plain training: Adam on minibatches, from a random start."""

    steps: Annotated[int, Number(1, 10_000_000)] = Field(2000, description="Updates of Adam.")
    batch_size: Annotated[int, Number(1, 2**20)] = Field(
        256,
        description="Ratings in a minibatch; a sample of fewer ratings is used whole, so a "
        "minibatch holds min(n, batch_size).",
    )
    learning_rate: Annotated[float, Number(0, whole=False, above_low=True)] = Field(
        0.01, description="Step size of Adam; write 1.0e-3, since YAML reads 1e-3 as text."
    )


class JointSettings(Block):
    """One regression on the joined covariates: the mean rating of the k nearest rated pairs."""

    most_neighbours: Annotated[int, Number(1, 2**16)] = Field(
        512, description="Largest k tried; k is a power of 2, chosen on held-out ratings."
    )


class PairwiseSettings(Block):
    """Towers trained on pairs of ratings of one user: which of the two is higher?

    The start and the steps of erm, a logistic loss. Only for designs that rate users again.
    """

    alternations: Annotated[int, Number(1, 1000)] = Field(
        2, description="Rounds of alternating least squares before the start, as for erm."
    )
    joint_steps: Annotated[int, Number(0, 100_000)] = Field(
        60,
        description="Full-batch evaluations of L-BFGS over all layers; 0 leaves them out, and the "
        "optimization error with them.",
    )
    noise_free_steps: NoiseFreeSteps = Field(None, description=_NOISE_FREE)
    comparisons: Annotated[int, Number(1, 4096)] = Field(
        16, description="Earlier ratings of the same user that each is compared with, at most."
    )
    weight: Literal["size", "none"] = Field(
        "size",
        description="What a pair counts. size: as much as its ratings differ; none: all that "
        "differ the same.",
    )


class ClickSettings(Block):
    """Towers for clicks that are close to the smallest loss: a closed-form start, then L-BFGS.

    The loss is the arm's own. Only for sampling clicks.
    """

    output_steps: Annotated[int, Number(0, 100_000)] = Field(
        60, description="Full-batch evaluations of L-BFGS over the output layers, which come first."
    )
    joint_steps: Annotated[int, Number(0, 100_000)] = Field(
        15,
        description="Full-batch evaluations of L-BFGS over all layers; 0 leaves them out, and the "
        "optimization error with them.",
    )


class ClickAdamSettings(Block):
    """Plain training on clicks: Adam on minibatches, from a random start.

    The loss is that of softmax_batch, on batches that are drawn anew at each step. Only for
    sampling clicks, whose click_batch is the size of a batch.
    """

    steps: Annotated[int, Number(1, 10_000_000)] = Field(2000, description="Updates of Adam.")
    learning_rate: Annotated[float, Number(0, whole=False, above_low=True)] = Field(
        0.01, description="Step size of Adam; write 1.0e-3, since YAML reads 1e-3 as text."
    )


class ComparatorSettings(Block):
    """A method other than towers, tuned on held-out ratings."""

    budget: Annotated[int, Number(1, 64)] = Field(
        8,
        description="Settings that are tried at each sample size; give all methods that are "
        "compared the same.",
    )


ArmSettings = (
    ErmSettings
    | AdamSettings
    | PairwiseSettings
    | ClickSettings
    | ClickAdamSettings
    | JointSettings
    | ComparatorSettings
)


def in_cell(arm: ArmSettings, given: Mapping[str, Any], noise_free: bool) -> dict[str, Any]:
    """An arm's settings in a cell, those that its experiment has `given` in their place:
    `noise_free_steps` are its `joint_steps`, or left out.
    """
    settings: dict[str, Any] = {}
    for block in (arm.model_dump(), given):
        settings |= block
        steps = settings.pop("noise_free_steps", None)
        if steps is not None and noise_free:
            settings["joint_steps"] = steps
    return settings


class _Arms(Block):
    """The ways to fit ratings, at least one."""

    erm: ErmSettings | None = Field(
        None, description=ErmSettings.__doc__, json_schema_extra=without_null
    )
    adam: AdamSettings | None = Field(
        None, description=AdamSettings.__doc__, json_schema_extra=without_null
    )
    pairwise: PairwiseSettings | None = Field(
        None, description=PairwiseSettings.__doc__, json_schema_extra=without_null
    )
    softmax_full: ClickSettings | None = Field(
        None,
        description="Softmax over the whole catalogue, with popularity in it.",
        json_schema_extra=without_null,
    )
    softmax_full_raw: ClickSettings | None = Field(
        None,
        description="Softmax over the whole catalogue, without popularity.",
        json_schema_extra=without_null,
    )
    softmax_batch: ClickSettings | None = Field(
        None,
        description="Softmax over the items of a batch of clicks, with the log q correction.",
        json_schema_extra=without_null,
    )
    softmax_batch_counted: ClickSettings | None = Field(
        None,
        description="As softmax_batch, with the items' shares counted in the clicks themselves, as "
        "one has them.",
        json_schema_extra=without_null,
    )
    softmax_batch_raw: ClickSettings | None = Field(
        None,
        description="Softmax over the items of a batch of clicks, without a correction.",
        json_schema_extra=without_null,
    )
    softmax_batch_apart: ClickSettings | None = Field(
        None,
        description="As softmax_batch, with the correction that does not count the clicked item "
        "as sampled.",
        json_schema_extra=without_null,
    )
    bpr: ClickSettings | None = Field(
        None,
        description="The clicked item against one drawn evenly from the catalogue, with "
        "popularity in both scores.",
        json_schema_extra=without_null,
    )
    softmax_adam: ClickAdamSettings | None = Field(
        None, description=ClickAdamSettings.__doc__, json_schema_extra=without_null
    )
    joint: JointSettings | None = Field(
        None, description=JointSettings.__doc__, json_schema_extra=without_null
    )

    def _present(self) -> dict[str, ArmSettings]:
        arms = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: settings for name, settings in arms.items() if settings is not None}

    def keys(self) -> KeysView[str]:
        return self._present().keys()

    def items(self) -> ItemsView[str, ArmSettings]:
        return self._present().items()

    def __getitem__(self, name: str) -> ArmSettings:
        return self._present()[name]

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        return iter(self._present())

    def __len__(self) -> int:
        return len(self._present())

    def __contains__(self, name: object) -> bool:
        return name in self._present()

    @model_serializer
    def _plain(self) -> dict[str, Any]:
        return {name: settings.model_dump() for name, settings in self.items()}

    @field_validator("*", mode="before")
    @classmethod
    def _written(cls, value: Any) -> Any:
        if value is None:  # "erm:" with nothing behind it could mean either of two things
            raise fault(
                "null (nothing is written here)",
                "a mapping",
                "write {} for the default settings, or drop the key to leave the arm out",
            )
        return value

    @model_validator(mode="after")
    def _any(self) -> Self:
        if not self._present():
            allowed = ", ".join(type(self).model_fields)
            raise fault("no arm is given", allowed, "write erm: {} beneath arms")
        return self


Arms = create_model(
    "Arms",
    __base__=_Arms,
    __doc__=_Arms.__doc__,
    **{
        name: (
            ComparatorSettings | None,
            Field(
                None,
                description=f"{arms.label(name)}: {ComparatorSettings.__doc__}",
                json_schema_extra=without_null,
            ),
        )
        for name in arms.COMPARATORS
    },
)
