"""What results hold is counted, and rows are held against one another."""

from types import SimpleNamespace

import numpy as np
import pytest

from twotower.audits.verify import counts
from twotower.base import tensors

WEIGHTS, RISKS = "results/runs/a/0.safetensors", "results/risks/a.csv"
CERTIFICATE = "results/data/d/certificate.csv"
ABOUT = {"data": "d", "run": "a", "block": "0"}


def faults(folder, path, rule, content):
    cell = SimpleNamespace(spec={"depth": 1, "rank": 2, "width": {"units": 4}}, sample_sizes=[64])
    study = SimpleNamespace(
        replicates=3, certificate_replicates=2, certified=lambda sizes, settings: sizes
    )
    run = SimpleNamespace(cell=cell, settings={"steps": 5})
    listed = SimpleNamespace(
        study=study, blocks=[(0, 3)], sizes={"d": [64]}, runs={"a": run}, cells=[cell]
    )
    (folder / path).parent.mkdir(parents=True)
    if isinstance(content, dict):
        tensors.write(folder / path, {name: np.zeros(n) for name, n in content.items()})
    else:
        (folder / path).write_text("\n".join(content) + "\n", encoding="ascii")
    return list(counts.faults(folder, path, rule, ABOUT, listed))


def test_the_optimization_error_may_be_of_fewer_replicates_than_the_fits(tmp_path):
    sound = {"64/used/bound": 3, "64/oracle/bound": 2}
    assert not faults(tmp_path / "a", WEIGHTS, "train", sound)
    [told] = faults(tmp_path / "b", WEIGHTS, "train", sound | {"64/used/bound": 2})
    assert told == "it holds 2 replicates, the study asks for 3 in this block"


@pytest.mark.parametrize(
    ("sides", "told"),
    [
        ({"0": (3, 1, 4), "1": (3, 4, 2)}, ""),
        ({"0": (3, 1, 4), "1": (3, 4, 3)}, "3 components, the study asks for 2"),
        ({"0": (3, 1, 8), "1": (3, 8, 2)}, "8 units, the study asks for 4"),
        ({"0": (3, 1, 4), "1": (3, 4, 4), "2": (3, 4, 2)}, "2 hidden layers, the study asks for 1"),
    ],
)
def test_towers_have_the_layers_and_sides_of_the_study(tmp_path, sides, told):
    layers = {f"64/used/user/{layer}/weight": shape for layer, shape in sides.items()}
    found = faults(tmp_path, WEIGHTS, "train", {"64/used/bound": 3} | layers)
    assert found == ([f"the user tower at 64 has {told}"] if told else [])


@pytest.mark.parametrize(
    ("steps", "certified", "told"),
    [
        (5, 2, []),
        (50, 2, ["it was trained in 50 steps, the study asks for 5"]),
        (5, 1, ["it certifies 1 fits, the study asks for 2"]),
    ],
)
def test_steps_and_certificates_are_those_of_the_study(tmp_path, steps, certified, told):
    rows = [f"{each},64,used,{steps}" for each in range(3)]
    rows += [f"{each},64,doubled,10" for each in range(certified)]
    losses = "results/runs/a/0.losses.csv"
    found = faults(tmp_path, losses, "train", ["replicate,n_ratings,start,steps", *rows])
    assert found == told


@pytest.mark.parametrize(
    ("third", "told"),
    [
        ("0.5,0.01", []),
        ("0.1,0.01", ["replicates 0 and 2 have one risk to the digit"]),
        ("0.1,0.02", []),
    ],
)
def test_no_two_replicates_have_one_risk(tmp_path, third, told):
    rows = ["n_ratings,replicate,risk,risk_se", "64,0,0.1,0.01", "64,1,0.2,0.01", f"64,2,{third}"]
    assert faults(tmp_path, RISKS, "evaluate", rows) == told


def test_fits_that_diverged_may_be_alike(tmp_path):
    rows = ["n_ratings,replicate,risk", "64,0,nan", "64,1,nan", "64,2,inf"]
    assert not faults(tmp_path, RISKS, "evaluate", rows)


def test_a_check_that_passes_is_within_its_tolerance(tmp_path):
    rows = ["replicate,check,expected,measured,tolerance,passed", "0,smoothness,inf,inf,1,True",
            "1,cut_tail,0,0.1,0.1,True", "2,smoothness,2,9,0.5,True"]  # fmt: skip
    [told] = faults(tmp_path, CERTIFICATE, "generate_certificate", rows)
    assert told == "smoothness passed with 9 for 2"
