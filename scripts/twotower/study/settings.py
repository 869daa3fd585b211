"""The settings of a cell: what each may hold, and what it means."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
)

from twotower.base.values import Number, Text, complaint, fault
from twotower.study import arms
from twotower.theory import width

HIGH_DIMENSION = "above 4 no sample size in reach resolves the rate"


class Block(BaseModel):
    """A block of the study: unknown keys are errors, no type is guessed, nothing changes later."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def without_null(schema: dict[str, Any]) -> None:
    """Make the schema of a key that may be left out say that null is not the way to do it."""
    schema.pop("default", None)
    if "anyOf" in schema:
        schema.update(next(kind for kind in schema.pop("anyOf") if kind != {"type": "null"}))


def growing(sizes: tuple[int, ...]) -> tuple[int, ...]:
    for before, after in itertools.pairwise(sizes):
        if after <= before:
            raise fault(
                f"{after} follows {before}",
                "sizes that grow from first to last",
                "sort them and drop repeats",
            )
    return sizes


Name = Annotated[
    str,
    Text(
        "[a-z][a-z0-9_]{0,40}",
        "a lower-case letter, then at most 40 lower-case letters, digits and underscores",
    ),
]
SampleSize = Annotated[int, Number(16, 2**27)]
SampleSizes = Annotated[
    tuple[SampleSize, ...],
    Field(min_length=2, max_length=64, strict=False),
    AfterValidator(growing),
]
ArmName = Literal[arms.FITTED]
Sampling = Literal[
    "fresh", "grid", "fixed_users", "popularity", "repeated", "not_at_random", "clicks"
]
Noise = Literal["normal", "student"]
RatingScale = Literal["exact", "stars"]
Control = Literal["none", "permuted_ratings", "shuffled_covariates"]
Schedule = Literal[width.SCHEDULES]
Title = Annotated[str, Text(r"\S.{0,119}", "one line of 1 to 120 printable characters")]
IntrinsicDim = Annotated[
    int | float, Number(1, 4, whole=False, whole_if_equal=True, hint=HIGH_DIMENSION)
]
_SMOOTHNESS = Number(
    0, 10, whole=False, above_low=True, or_infinite=True, hint="beyond 10 write .inf"
)
OwnSmoothness = Annotated[float | None, replace(_SMOOTHNESS, or_null=True)]
Constant = Annotated[float, Number(0, 1000, whole=False, above_low=True)]


class ScheduledWidth(Block):
    """Width that grows with the number of ratings n."""

    schedule: Literal[tuple(width.GROWING)] = Field(
        description="units: constant * n^(d/(2*smoothness+d)) units a layer, the theorem's count; "
        "dense: the square root of that power, for deep towers with width^2 weights a layer; "
        "proportional: constant * n, for ratings without noise. d is the larger intrinsic "
        "dimension; where the towers' smoothness differs, the larger power counts."
    )
    constant: Constant = Field(description="Factor in front of the power of n.")


class FixedWidth(Block):
    """Width that does not grow with the number of ratings."""

    schedule: Literal[width.FIXED] = Field(
        description="fixed: the same width at every sample size."
    )
    units: Annotated[int, Number(1, 65_536)] = Field(description="Units in each hidden layer.")


Width = Annotated[ScheduledWidth | FixedWidth, Field(discriminator="schedule")]


class Settings(Block):
    """Settings of a cell: one target, one way to sample it, one shape of the towers."""

    smoothness: Annotated[float, _SMOOTHNESS] = Field(
        1.0, description="Hölder exponent beta of the true embeddings, up to 10, or .inf."
    )
    user_smoothness: OwnSmoothness = Field(
        None, description="The same of the users' embedding alone; null: smoothness."
    )
    item_smoothness: OwnSmoothness = Field(
        None, description="The same of the items' embedding alone; null: smoothness."
    )
    worst_case_at: Annotated[int | None, Number(16, 2**27, or_null=True)] = Field(
        None,
        description="Number of ratings n at which the target is the worst case: the hardest one of "
        "its smoothness in the mean square. null: energy at every scale.",
    )
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
    noise: Noise = Field(
        "normal", description="Law of the noise; student: heavy tails, 3 degrees, the same sd."
    )
    rating_scale: RatingScale = Field(
        "exact", description="stars: rounded to 1 to 5 stars, 3 the mean, a signal's sd each."
    )
    sampling: Sampling = Field(
        "fresh",
        description="Which pairs are rated. fresh: a new user and a new item each time; grid: all "
        "pairs of a growing square; fixed_users: users of a catalogue, items new; popularity: "
        "items of a catalogue, the j-th with probability proportional to 1/j, users new; repeated: "
        "users and items at random among those known, a number that grows with n; "
        "not_at_random: a rating r of a new pair is seen with probability 1/(1+exp(-r)); clicks: "
        "no ratings, a new user clicks on one item of a catalogue.",
    )
    catalogue: Annotated[int, Number(16, 2**24)] = Field(
        256, description="Distinct users of fixed_users, or items of popularity and of clicks."
    )
    ratings_each: Annotated[int, Number(1, 4096)] = Field(
        16, description="Mean ratings of a user, and of an item, of repeated: n/ratings_each exist."
    )
    popularity_exponent: Annotated[float, Number(0, 3, whole=False)] = Field(
        1.0,
        description="Of clicks: the j-th most popular item has the popularity q proportional to "
        "j^-exponent; 0: all the same, 1: Zipf's law.",
    )
    temperature: Annotated[float, Number(0.05, 100, whole=False)] = Field(
        1.0,
        description="Of clicks: a user clicks on item i with probability proportional to "
        "q(i) exp(R*(u, i)/temperature).",
    )
    clicks_each: Annotated[int, Number(1, 4096)] = Field(
        1, description="Of clicks: clicks of each user, one after the other."
    )
    control: Control = Field(
        "none", description="What breaks the link of covariates and ratings, in a null cell."
    )
    embedding_dim: Annotated[int | None, Number(1, 256, or_null=True)] = Field(
        None, description="Components of the towers' embeddings; null: as many as the truth's."
    )
    click_batch: Annotated[int, Number(2, 2**16)] = Field(
        256,
        description="Of clicks: clicks in a batch, whose items are the candidates of each of them, "
        "for arms with in-batch negatives.",
    )
    depth: Annotated[int, Number(1, 64)] = Field(1, description="Hidden layers of each tower.")
    width: Width = Field(
        ScheduledWidth(schedule="units", constant=1.0),
        description="Units in each hidden layer, as a function of the number of ratings n.",
    )


OWN_SMOOTHNESS = ("user_smoothness", "item_smoothness")
CLICK_DATA_KEYS = ("popularity_exponent", "temperature", "clicks_each")
CLICK_KEYS = (*CLICK_DATA_KEYS, "click_batch")
"""Settings that only cells of clicks have, in their specification and in their columns."""
SHAPE_KEYS = ("embedding_dim", "depth", "width", "click_batch")
"""Settings that shape the towers or their training; all others decide the data."""


def data_settings(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Those settings of a cell that decide its data."""
    return {key: value for key, value in spec.items() if key not in SHAPE_KEYS}


def spelled_out(block: Mapping[str, Any] | BaseModel) -> dict[str, Any]:
    """Plain settings with intrinsic_dim written as the two dimensions that it stands for."""
    settings = dict(block) if isinstance(block, Mapping) else block.model_dump()
    if "intrinsic_dim" in settings:
        dim = settings.pop("intrinsic_dim")
        settings |= {"user_intrinsic_dim": dim, "item_intrinsic_dim": dim}
    return settings


def smoothness_by_side(settings: Mapping[str, Any]) -> dict[str, float | str | None]:
    """`smoothness`, the smaller of both sides, and the own one of the other side or None.

    An infinite one is the text "inf".
    """
    both = settings["smoothness"]
    own = [both if settings[key] is None else settings[key] for key in OWN_SMOOTHNESS]
    smaller = min(own)
    found = {"smoothness": smaller}
    found |= {
        key: None if beta == smaller else beta
        for key, beta in zip(OWN_SMOOTHNESS, own, strict=True)
    }
    return {key: "inf" if beta == math.inf else beta for key, beta in found.items()}


def support_kind(
    ambients: list[int], dims: list[int | float], bent: str, thickness: float | None
) -> str:
    """The support's kind: `bent`, what was asked for, where a side is bent at all."""
    if thickness is not None:
        return "slab"
    if any(dim != int(dim) for dim in dims):
        return "dust"
    return "cube" if ambients == dims else bent


def refuse_geometry(
    ambient: int | None, dims: list[int | float], support: str, thickness: float | None
) -> None:
    """Raise ValueError, with a complaint for the user, if no support has these dimensions."""
    fraction = next((dim for dim in dims if dim != int(dim)), None)
    if thickness is not None:
        if fraction is not None or dims[0] != dims[1] or ambient != dims[0] + 1 or ambient > 3:
            found = f"off_manifold_noise with intrinsic dimensions {dims[0]:g} and {dims[1]:g}"
            hint = "the support is thick in one further dimension"
            allowed = "1 more than intrinsic_dim, 1 or 2, here"
            raise ValueError(complaint(found, allowed, hint))
        return
    if ambient is None:
        return
    if fraction is not None:
        found = f"{ambient} with a fraction, {fraction:g}, as an intrinsic dimension"
        raise ValueError(complaint(found, "null", "a dust is not bent"))
    largest = max(dims)
    if ambient < largest:
        found = f"{ambient} is below the intrinsic dimension {largest}"
        raise ValueError(complaint(found, f"{largest} or more here, or null"))
    bent = max((dim for dim in dims if dim < ambient), default=0)
    if support == "torus" and ambient < 2 * bent:
        found = f"{ambient} is too small for a torus of {bent} intrinsic dimensions"
        hint = "each of them is a circle and takes two; support: graph takes any"
        raise ValueError(complaint(found, f"{2 * largest} or more here, or null", hint))
