"""Certificates of data: honest data pass, and each lie is named."""

import re

import numpy as np
import pytest

from cells import data_spec, draw_replicates
from twotower.base.errors import ExpectedError
from twotower.data.certificate import (
    CertificateError,
    certificate,
    measured_smoothness,
    require,
    two_nearest_neighbour_dimension,
)
from twotower.data.supports import draw_support
from twotower.data.targets import TOWERS, draw_target
from twotower.theory import spectrum

N = 4096


def checks(drawn: dict, claimed: dict | None = None, n_ratings: int = N, replicates: int = 2):
    targets, train, _ = draw_replicates(1, drawn, range(replicates), N, 16)
    covariates = {tower: train[f"{tower}_covariates"] for tower in TOWERS}
    return certificate(claimed or drawn, targets, covariates, n_ratings)


@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize("smoothness", [0.5, 1.0, 2.0, "inf"])
def test_honest_data_pass(dim, smoothness):
    own = {"item_smoothness": 2.0} if smoothness == 0.5 else {}
    spec = data_spec(dim, 1, ambient=(dim + 2, 2), smoothness=smoothness, **own)
    table = checks(spec)
    require(table)
    assert len(table) == 2 * 2 * 3
    assert table["passed"].all()
    assert set(table["check"]) == {"cut_tail", "smoothness", "intrinsic_dim"}


def test_a_worst_case_is_certified_by_its_end():
    worst, earlier = (data_spec(2, 1, worst_case_at=n) for n in (65536, 4096))
    table = checks(worst)
    assert table["passed"].all()
    ends = table.loc[table["check"] == "end"].set_index("tower")["measured"]
    for tower, dim in (("user", 2), ("item", 1)):
        assert (ends[tower] == int(spectrum.worst_cut(dim, 1.0, 2 / 65536))).all()
    for drawn, claimed, check in (
        (earlier, worst, "end"),
        (data_spec(2, 1), worst, "end"),
        (worst, data_spec(2, 1), "smoothness"),
    ):
        failed = checks(drawn, claimed).query("not passed")
        assert set(failed["check"]) >= {check} and set(failed["tower"]) == set(TOWERS)


@pytest.mark.parametrize(
    ("drawn", "claimed", "check"),
    [
        (data_spec(1, smoothness=1.0), data_spec(1, smoothness=1.5), "smoothness"),
        (data_spec(1, smoothness=1.0), data_spec(1, smoothness=0.5), "smoothness"),
        (data_spec(1, smoothness=2.0), data_spec(1, smoothness="inf"), "smoothness"),
        (data_spec(1, smoothness="inf"), data_spec(1, smoothness=2.0), "smoothness"),
        (
            data_spec(smoothness=0.5, user_smoothness=1.0),
            data_spec(smoothness=0.5, item_smoothness=1.0),
            "smoothness",
        ),
        (data_spec(1, 2), data_spec(1, 1), "intrinsic_dim"),
        (data_spec(2, 1), data_spec(2, 2), "intrinsic_dim"),
    ],
)
def test_data_that_are_not_what_the_cell_says_are_refused(drawn, claimed, check):
    table = checks(drawn, claimed)
    failed = table[~table["passed"]]
    assert check in set(failed["check"])
    with pytest.raises(CertificateError) as caught:
        require(table)
    message = str(caught.value)
    assert message.startswith(f"{len(failed)} of {len(table)} checks")
    for row in failed.itertuples():
        assert f"replicate {row.replicate}, {row.tower} tower: {row.check} measured" in message
    lines = {line.strip().split(":")[0] for line in message.splitlines()[1:]}
    if check == "intrinsic_dim":  # one tower lies: the other is not accused
        liar = "item" if drawn["user_intrinsic_dim"] == claimed["user_intrinsic_dim"] else "user"
        assert lines == {f"replicate {r}, {liar} tower" for r in range(2)}
    else:
        assert len(lines) == 4
    assert issubclass(CertificateError, ExpectedError)


def test_only_the_replicate_at_fault_is_named():
    spec = data_spec(1)
    targets, train, _ = draw_replicates(1, spec, range(3), N, 16)
    targets[1] = draw_target(1, spec | {"smoothness": 2.0}, 1)
    covariates = {tower: train[f"{tower}_covariates"] for tower in TOWERS}
    with pytest.raises(CertificateError, match="2 of 18") as caught:
        require(certificate(spec, targets, covariates, N))
    assert re.findall(r"replicate (\d), (\w+) tower: (\w+)", str(caught.value)) == [
        ("1", "user", "smoothness"),
        ("1", "item", "smoothness"),
    ]


def test_a_tail_too_large_for_the_risk_in_reach_is_refused():
    spec = data_spec(3, smoothness=0.5)
    small = checks(data_spec(1, smoothness=0.5))
    assert small.loc[small["check"] == "cut_tail", "passed"].all()
    tail = 2 * spectrum.cut_tail_energy(3, spectrum.default_cutoff(3, 0.5), 0.5)
    drawn = data_spec(3, smoothness=2.0)  # quick to draw; the tail is read off the claim
    table = checks(drawn, spec, n_ratings=2**20, replicates=1)
    failed = table[(table["check"] == "cut_tail") & ~table["passed"]]
    assert set(failed["tower"]) == set(TOWERS)
    assert failed["measured"].to_numpy() == pytest.approx(tail)
    assert (failed["tolerance"] < tail).all()


@pytest.mark.parametrize(("dim", "smoothness"), [(1, 0.5), (1, 2.0), (2, 1.0), (3, 2.0)])
def test_smoothness_is_read_off_the_values(dim, smoothness):
    found = [
        measured_smoothness(draw_target(1, data_spec(dim, 1, smoothness=smoothness), r).user)
        for r in range(4)
    ]
    assert np.mean(found) == pytest.approx(smoothness, abs=0.06)


@pytest.mark.parametrize(
    ("kind", "dim", "ambient"),
    [("cube", 1, 1), ("cube", 3, 3), ("graph", 1, 10), ("graph", 2, 10), ("torus", 2, 6)],
)
def test_dimension_of_known_sets(kind, dim, ambient):
    rng = np.random.default_rng(0)
    points = draw_support(kind, dim, ambient, rng).covariates(rng.random((N, dim)))
    assert two_nearest_neighbour_dimension(points) == pytest.approx(dim, rel=0.08)


def test_dimension_is_of_the_set_not_of_the_space_or_the_unit():
    rng = np.random.default_rng(0)
    plane = rng.standard_normal((N, 2)) @ rng.standard_normal((2, 5))
    base = two_nearest_neighbour_dimension(plane)
    assert base == pytest.approx(2, rel=0.08)
    assert two_nearest_neighbour_dimension(1000 * plane + 7) == pytest.approx(base, rel=1e-6)
