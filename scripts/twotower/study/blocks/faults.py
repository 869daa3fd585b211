"""Faults of blocks that no block shows by itself: they name what the study does not have."""

from collections.abc import Iterator

from twotower.base.values import complaint, shown
from twotower.study import arms, grid
from twotower.study.schema import Study


def of(study: Study) -> list[str]:
    """Messages about blocks that do not fit their study; each begins with the key to change."""
    return [*_of_components(study), *_of_two_stages(study)]


def _of_components(study: Study) -> Iterator[str]:
    block = study.components
    if block is None:
        return
    yield from _experiment_faults(study, "components", block.experiments)
    for index, given in enumerate(block.further):
        try:
            grid.resolve(study.defaults, given.model_dump())
        except ValueError as error:
            yield f"components.further[{index}]: {error}"


def _of_two_stages(study: Study) -> Iterator[str]:
    block = study.two_stages
    if block is not None:
        yield from _experiment_faults(study, "two_stages", block.experiments)


def _experiment_faults(study: Study, block: str, names: tuple[str, ...]) -> Iterator[str]:
    """Experiments with axis ratings that fit towers are asked for."""
    sound = [
        each
        for each, experiment in study.experiments.items()
        if experiment.axis == "ratings"
        and not set(arms.TOWER_ARMS).isdisjoint(experiment.arms or study.arms)
    ]
    for index, name in enumerate(names):
        if name not in sound:
            found = f"{shown(name)} is no experiment of this study that fits towers by ratings"
            allowed = ", ".join(sound) or "none: no experiment does"
            yield f"{block}.experiments[{index}]: " + complaint(found, allowed)
