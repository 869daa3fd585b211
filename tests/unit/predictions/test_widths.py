"""Widths by predicted risk: the smallest one, and the studies hold what the command gives."""

import math
from pathlib import Path

import pytest
import yaml

from cells import data_spec
from studies import with_keys
from twotower.data.targets import TOWERS, draw_target
from twotower.predictions import widths
from twotower.predictions.rating_law import RatingLaw
from twotower.predictions.targets.minimizer import due
from twotower.predictions.targets.projection import Projector
from twotower.study.experiments import Override
from twotower.study.reading import read_study, validated

ROOT = Path(__file__).parents[3]
DENSE = {"schedule": "dense", "constant": 1.0}


def cell(width="units", **changes):
    return data_spec(**changes) | {"depth": 1, "width": {"schedule": width, "constant": 1.0}}


def test_the_width_is_the_one_with_the_smallest_predicted_risk():
    spec, n = cell(), 4096
    pairs = [
        [
            Projector(widths.SEED, spec, draw_target(widths.SEED, data_spec(), r), t, r)
            for t in TOWERS
        ]
        for r in range(widths.TARGETS)
    ]

    def risk(width):
        return sum(due(pair, spec, [n], [width], RatingLaw(1.0, 1.0)).risk[0] for pair in pairs)

    best = widths.best_width(spec, n)
    chosen, narrow, wide = (risk(round(factor * best)) for factor in (1.0, 0.5, 2.0))
    assert chosen < 0.9 * min(narrow, wide)
    # each width draws units of its own: the smallest of many is lower by chance
    assert chosen < 1.1 * min(risk(width) for width in range(8, 64, 2))


def test_constants_are_widths_over_powers_of_n_and_the_limit_has_a_fixed_width():
    spec, sizes = cell(), [1024, 2048, 4096, 8192]
    best = widths.best_width(spec, round(math.sqrt(4096 * 8192)))
    for schedule, power in [("units", 1 / 3), ("dense", 1 / 6)]:
        found = widths.chosen(cell(schedule), sizes)
        assert found["schedule"] == schedule
        assert found["constant"] == pytest.approx(best / (4096 * 8192) ** (power / 2), rel=0.05)
    assert widths.chosen(cell("fixed"), sizes) == {"schedule": "fixed", "units": round(best)}
    assert set(widths.chosen(cell(smoothness="inf"), sizes)) == {"schedule", "units"}


def test_every_shape_has_one_line_and_towers_may_change_places(monkeypatch):
    asked = []
    monkeypatch.setattr(widths, "chosen", lambda *given: asked.append(given) or DENSE)
    one = {"title": "A", "vary": {"smoothness": [1.0, math.inf], "ambient_dim": [None, 3]}}
    two = {"title": "B", "set": {"user_intrinsic_dim": 2}, "sample_sizes": [256, 512]}
    three = {"title": "C", "set": {"item_intrinsic_dim": 2}, "sample_sizes": [256, 512]}
    four = {"title": "D", "set": {"width": DENSE}, "vary": {"noise_sd": [0.1]}}
    five = {"title": "E", "set": {"intrinsic_dim": 2}, "vary": {"smoothness": [1.0, 2.0]}}
    experiments = {"one": one, "five": five, "four": four, "two": two, "three": three}
    study = validated(with_keys(experiments=experiments), "study.yaml")
    lines = list(widths.choices(study))
    wheres = [yaml.safe_load(line)[0]["where"] for line in lines[1:]]
    assert lines[0] == "  width: {schedule: dense, constant: 1.0}  # under defaults"
    assert wheres == [
        {"smoothness": math.inf},
        {"user_intrinsic_dim": 2},
        {"item_intrinsic_dim": 2},
        {"intrinsic_dim": 2},  # after those that its cells match as well
        {"intrinsic_dim": 2, "smoothness": 2.0},
    ]
    assert len(asked) == 5 and (256, 512) in [sizes for _, sizes in asked]
    for line in lines[1:]:
        Override.model_validate(yaml.safe_load(line)[0])


@pytest.mark.parametrize("name", ["config.yaml", "workflow/studies/tiny.yaml"])
def test_studies_hold_the_widths_that_are_chosen(name):
    """Those of one dimension; by hand: `make widths STUDY=...` for all lines and studies."""
    study = read_study(ROOT / name)
    given = [({}, study.defaults.width.model_dump())]
    given += [(each.where.model_dump(), each.set.model_dump()["width"]) for each in study.overrides]
    for shape in widths.shapes(study):
        if "intrinsic_dim" not in shape.where:
            assert (shape.where, widths.chosen(shape.cell, shape.sizes)) in given
