"""Experiments, and overrides: blocks that set and vary the settings of cells.

All of them follow from the fields of `Settings`, so that a new setting can be set and varied
without another line here.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self, get_type_hints

from pydantic import Field, create_model, model_serializer, model_validator

from twotower.base.values import fault
from twotower.study import arms
from twotower.study.arm_settings import (
    AdamSettings,
    ClickAdamSettings,
    ClickSettings,
    ErmSettings,
    PairwiseSettings,
)
from twotower.study.settings import (
    SHAPE_KEYS,
    ArmName,
    Block,
    IntrinsicDim,
    SampleSizes,
    Settings,
    Title,
    spelled_out,
    without_null,
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


_TOWERS = {"erm": ErmSettings, "adam": AdamSettings, "pairwise": PairwiseSettings}
_TOWERS |= dict.fromkeys(arms.CLICK_ARMS, ClickSettings)
_TOWERS[arms.SOFTMAX_ADAM] = ClickAdamSettings
_TowerSettings = {
    name: create_model(
        f"{name.title()}Changes",
        __base__=_Partial,
        __doc__=f"Settings of {name} in place of the study's.",
        **{
            key: (kind, _optional(block.model_fields[key].description))
            for key, kind in get_type_hints(block, include_extras=True).items()
            if key in block.model_fields
        },
    )
    for name, block in _TOWERS.items()
}
ArmChanges = create_model(
    "ArmChanges",
    __base__=_Partial,
    __doc__="Settings of arms in an experiment's cells in place of the study's.",
    **{name: (kind, _optional(kind.__doc__)) for name, kind in _TowerSettings.items()},
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
    arm_settings: ArmChanges = Field(default_factory=ArmChanges, description=ArmChanges.__doc__)

    def of_arm(self, arm: str) -> dict[str, Any]:
        """The settings of an arm given under `arm_settings`, as plain values."""
        changes = getattr(self.arm_settings, arm, None)
        return changes.model_dump() if changes else {}

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
