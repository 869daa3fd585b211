"""What an experiment is made of: the settings of a cell, and the lists that vary them."""

import itertools
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    create_model,
    model_serializer,
    model_validator,
)

from twotower.base.values import Number, Text, fault
from twotower.study import arms

HIGH_DIMENSION = "above 4 no sample size in reach resolves the rate"


class Block(BaseModel):
    """A block of the study: unknown keys are errors, no type is guessed, nothing changes later."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def without_null(schema: dict[str, Any]) -> None:
    """Make the schema of a key that may be left out say that null is not the way to do it."""
    schema.pop("default", None)
    if "anyOf" in schema:
        schema.update(next(kind for kind in schema.pop("anyOf") if kind != {"type": "null"}))


def _growing(sizes: tuple[int, ...]) -> tuple[int, ...]:
    for before, after in itertools.pairwise(sizes):
        if after <= before:
            raise fault(
                f"{after} follows {before}",
                "sizes that grow from first to last",
                "sort them and drop repeats",
            )
    return sizes


SampleSize = Annotated[int, Number(16, 2**27)]
SampleSizes = Annotated[
    tuple[SampleSize, ...],
    Field(min_length=2, max_length=64, strict=False),
    AfterValidator(_growing),
]
ArmName = Literal[arms.FITTED]
Sampling = Literal["fresh", "grid", "fixed_users", "popularity", "repeated", "not_at_random"]
Title = Annotated[str, Text(r"\S.{0,119}", "one line of 1 to 120 printable characters")]
IntrinsicDim = Annotated[
    int | float, Number(1, 4, whole=False, whole_if_equal=True, hint=HIGH_DIMENSION)
]
Constant = Annotated[float, Number(0, 1000, whole=False, above_low=True)]


class ScheduledWidth(Block):
    """Width that grows with the number of ratings n."""

    schedule: Literal["units", "dense", "proportional"] = Field(
        description="units: constant * n^(d/(2*smoothness+d)) units a layer, the theorem's count; "
        "dense: the square root of that power, for deep towers with width^2 weights a layer; "
        "proportional: constant * n, for ratings without noise. d is the larger intrinsic "
        "dimension."
    )
    constant: Constant = Field(description="Factor in front of the power of n.")


class FixedWidth(Block):
    """Width that does not grow with the number of ratings."""

    schedule: Literal["fixed"] = Field(description="fixed: the same width at every sample size.")
    units: Annotated[int, Number(1, 65_536)] = Field(description="Units in each hidden layer.")


Width = Annotated[ScheduledWidth | FixedWidth, Field(discriminator="schedule")]


class Settings(Block):
    """Settings of a cell: one target, one way to sample it, one shape of the towers."""

    smoothness: Annotated[
        float,
        Number(0, 10, whole=False, above_low=True, or_infinite=True, hint="beyond 10 write .inf"),
    ] = Field(1.0, description="Hölder exponent beta of the true embeddings, up to 10, or .inf.")
    user_intrinsic_dim: IntrinsicDim = Field(
        1,
        description=f"Dimension d_u of the users' support; {HIGH_DIMENSION}. A fraction makes it "
        "a Cantor dust of exactly that dimension.",
    )
    item_intrinsic_dim: IntrinsicDim = Field(
        1,
        description=f"Dimension d_i of the items' support; {HIGH_DIMENSION}. A fraction makes it "
        "a Cantor dust of exactly that dimension.",
    )
    ambient_dim: Annotated[int | None, Number(1, 10_000, or_null=True)] = Field(
        None,
        description="Covariates D of each side; null: as many as its intrinsic dimension.",
    )
    support: Literal["graph", "torus"] = Field(
        "graph", description="How [0,1]^d is bent into D > d dimensions; torus needs D >= 2d."
    )
    off_manifold_noise: Annotated[float | None, Number(0, 1, whole=False, or_null=True)] = Field(
        None,
        description="Thickness of the support in its D - d further dimensions: 0 is a slice of "
        "[0,1]^D, 1 all of it; the target is then smooth on [0,1]^D. null: an ordinary support.",
    )
    rank: Annotated[int, Number(1, 64)] = Field(
        2, description="Number p of components of the true embeddings."
    )
    noise_sd: Annotated[float, Number(0, 100, whole=False)] = Field(
        1.0, description="Standard deviation of the ratings' noise, in units of the signal's."
    )
    noise: Literal["normal", "student"] = Field(
        "normal", description="Law of the noise; student: heavy tails, 3 degrees, the same sd."
    )
    rating_scale: Literal["exact", "stars"] = Field(
        "exact", description="stars: rounded to 1 to 5 stars, 3 the mean, a signal's sd each."
    )
    sampling: Sampling = Field(
        "fresh",
        description="Which pairs are rated. fresh: a new user and a new item each time; grid: all "
        "pairs of a growing square; fixed_users: users of a catalogue, items new; popularity: "
        "items of a catalogue, the j-th with probability proportional to 1/j, users new; repeated: "
        "users and items at random among those known, a number that grows with n; "
        "not_at_random: a rating r of a new pair is seen with probability 1/(1+exp(-r)).",
    )
    catalogue: Annotated[int, Number(16, 2**24)] = Field(
        256, description="Distinct users of fixed_users, or items of popularity."
    )
    ratings_each: Annotated[int, Number(1, 4096)] = Field(
        16, description="Mean ratings of a user, and of an item, of repeated: n/ratings_each exist."
    )
    control: Literal["none", "permuted_ratings", "shuffled_covariates"] = Field(
        "none", description="What breaks the link of covariates and ratings, in a null cell."
    )
    embedding_dim: Annotated[int | None, Number(1, 256, or_null=True)] = Field(
        None, description="Components of the towers' embeddings; null: as many as the truth's."
    )
    depth: Annotated[int, Number(1, 64)] = Field(1, description="Hidden layers of each tower.")
    width: Width = Field(
        ScheduledWidth(schedule="units", constant=1.0),
        description="Units in each hidden layer, as a function of the number of ratings n.",
    )


_KINDS: dict[str, Any] = {
    key: kind
    for key, kind in get_type_hints(Settings, include_extras=True).items()
    if key in Settings.model_fields
} | {"intrinsic_dim": IntrinsicDim}
_ABOUT = {key: field.description for key, field in Settings.model_fields.items()} | {
    "intrinsic_dim": "Shorthand that sets user_intrinsic_dim and item_intrinsic_dim together."
}


def _optional(about: str) -> Any:
    return Field(None, description=about, json_schema_extra=without_null)


class _Partial(Block):
    """A block of which only the keys that were given count; null is a value like others."""

    @model_serializer
    def _given(self) -> dict[str, Any]:
        keys = [key for key in type(self).model_fields if key in self.model_fields_set]
        return {key: getattr(self, key) for key in keys}


# Both follow from Settings, so that a new setting can be set and varied without another line here.
SetSettings = create_model(
    "SetSettings",
    __base__=_Partial,
    __doc__="Settings that an experiment gives to all its cells in place of the defaults.",
    **{key: (kind, _optional(_ABOUT[key])) for key, kind in _KINDS.items()},
)
VaryLists = create_model(
    "VaryLists",
    __base__=_Partial,
    __doc__="Lists of values; an experiment's cells are the full grid of its lists.",
    **{
        key: (
            Annotated[tuple[kind, ...], Field(min_length=1, strict=False)],
            _optional(_ABOUT[key]),
        )
        for key, kind in _KINDS.items()
    },
)


class Experiment(Block):
    """Cells that answer one question: the grid of `vary`, with `set` in place of the defaults."""

    title: Title = Field(description="What the experiment asks, as it stands over its figure.")
    set: SetSettings = Field(default_factory=SetSettings, description=SetSettings.__doc__)
    vary: VaryLists = Field(default_factory=VaryLists, description=VaryLists.__doc__)
    also: Annotated[tuple[SetSettings, ...], Field(max_length=1000, strict=False)] = Field(
        (), description="Further cells outside the grid, each given by settings of its own."
    )
    axis: Literal["ratings", "units"] = Field(
        "ratings",
        description="What the rate is fitted over: the number of ratings, or hidden units in "
        "cells that differ in a fixed width alone.",
    )
    sample_sizes: SampleSizes | None = Field(
        None,
        description="Numbers of ratings in place of the study's.",
        json_schema_extra=without_null,
    )
    arms: Annotated[tuple[ArmName, ...], Field(min_length=1, strict=False)] | None = Field(
        None,
        description="The ones of the study's arms that this experiment needs; all if left out.",
        json_schema_extra=without_null,
    )

    def settings(self) -> dict[str, Any]:
        """The keys given under `set`, as plain values."""
        return self.set.model_dump()

    def further(self) -> list[dict[str, Any]]:
        """The blocks under `also`, as plain values."""
        return [block.model_dump() for block in self.also]

    def lists(self) -> dict[str, tuple[Any, ...]]:
        """The lists given under `vary`, as plain values, in the order of the keys of `Settings`."""
        return self.vary.model_dump()

    @model_validator(mode="after")
    def _keys_agree(self) -> Self:
        fixed, varied = self.set.model_fields_set, self.vary.model_fields_set
        if not fixed | varied and not self.also:
            raise fault("neither set nor vary holds a key", "at least one key in either")
        if both := sorted(fixed & varied):
            raise fault(f"{both[0]} stands under set and under vary", "each key in one of the two")
        for keys in (fixed | varied, *(block.model_fields_set for block in self.also)):
            sides = sorted({"user_intrinsic_dim", "item_intrinsic_dim"} & keys)
            if "intrinsic_dim" in keys and sides:
                raise fault(
                    f"intrinsic_dim stands beside {sides[0]}",
                    "intrinsic_dim alone, or user_intrinsic_dim and item_intrinsic_dim",
                    "intrinsic_dim is a shorthand that sets both",
                )
        return self


SHAPE_KEYS = ("embedding_dim", "depth", "width")
"""Settings that shape the towers; all others decide the data."""

WhereSettings = create_model(
    "WhereSettings",
    __base__=_Partial,
    __doc__="Settings of the data that a cell must have, all of them.",
    **{
        key: (kind, _optional(_ABOUT[key])) for key, kind in _KINDS.items() if key not in SHAPE_KEYS
    },
)
ShapeSettings = create_model(
    "ShapeSettings",
    __base__=_Partial,
    __doc__="Shape of the towers in place of the default one.",
    **{key: (_KINDS[key], _optional(_ABOUT[key])) for key in SHAPE_KEYS},
)


class Override(Block):
    """Shape of the towers in all cells that match, unless an experiment gives its own."""

    where: WhereSettings = Field(description=WhereSettings.__doc__)
    set: ShapeSettings = Field(description=ShapeSettings.__doc__)

    @model_validator(mode="after")
    def _both_given(self) -> Self:
        for block in ("where", "set"):
            if not getattr(self, block).model_fields_set:
                raise fault(f"no key stands under {block}", "at least one setting")
        return self

    def matches(self, settings: Mapping[str, Any]) -> bool:
        """Whether a cell with these settings, shorthands worked out, is meant."""
        for key, value in self._wanted.items():  # noqa: SIM110 - asked of every cell
            if settings[key] != value:
                return False
        return True

    @cached_property
    def _wanted(self) -> dict[str, Any]:
        """Worked out once: a study may have a thousand overrides and thousands of cells."""
        return spelled_out(self.where)


def spelled_out(block: Mapping[str, Any] | BaseModel) -> dict[str, Any]:
    """Plain settings with intrinsic_dim written as the two dimensions that it stands for."""
    settings = dict(block) if isinstance(block, Mapping) else block.model_dump()
    if "intrinsic_dim" in settings:
        dim = settings.pop("intrinsic_dim")
        settings |= {"user_intrinsic_dim": dim, "item_intrinsic_dim": dim}
    return settings
