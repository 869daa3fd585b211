"""What results hold is counted, and rows are held against one another."""

from types import SimpleNamespace

import numpy as np
import pytest

from twotower.audits.verify import counts
from twotower.base import tensors

WEIGHTS, RISKS = "results/runs/a/0.safetensors", "results/risks/a.csv"
CERTIFICATE = "results/data/d/certificate.csv"
ABOUT = {"data": "d", "block": "0"}


def faults(folder, path, rule, content):
    listed = SimpleNamespace(
        study=SimpleNamespace(replicates=3), blocks=[(0, 3)], sizes={"d": [64]}, runs={}, cells=[]
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
