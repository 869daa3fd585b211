"""Risks: known functions, clipping, Monte Carlo error, and what files hold."""

import numpy as np
import pytest
import torch

from cells import data_spec, draw_replicates, sample
from twotower.evaluation import risks, tower_values
from twotower.evaluation.reference_risks import reference_risks
from twotower.evaluation.tower_risks import tower_risks
from twotower.methods import reference
from twotower.towers import training, weights
from twotower.towers.networks import embeddings, scores

NO_BOUND = np.array([np.inf])


def test_risk_of_known_functions():
    """R̂ = R* + a + b·z has risk a² + b², with z standard normal."""
    rng = np.random.default_rng(0)
    signal, z = rng.standard_normal((2, 3, 200_000))
    a, b = np.array([[0.0], [0.5], [0.0]]), np.array([[0.0], [0.0], [2.0]])
    found = risks.risk(signal + a + b * z, np.full(3, np.inf), signal)
    assert found["risk"] == pytest.approx([0.0, 0.25, 4.0], rel=0.02, abs=1e-12)
    assert found["risk_se"][:2] == pytest.approx([0.0, 0.0], abs=1e-12)
    # var (2z)² = 16 · var z² = 32
    assert found["risk_se"][2] == pytest.approx(np.sqrt(32 / 200_000), rel=0.05)


def test_monte_carlo_error_is_the_spread_of_repeated_risks():
    rng = np.random.default_rng(1)
    errors = rng.standard_normal((2000, 300))
    found = risks.risk(errors, np.full(2000, np.inf), np.zeros_like(errors))
    assert found["risk"].std() == pytest.approx(found["risk_se"].mean(), rel=0.06)
    squares = errors[0] ** 2
    assert found["risk_se"][0] == pytest.approx(squares.std(ddof=1) / np.sqrt(300), rel=1e-12)


def test_predictions_are_clipped_to_each_networks_own_bound():
    predictions = np.array([[-1e9, 0.5, 1e9], [-3.0, 0.5, 3.0]])
    signal = np.zeros((2, 3))
    found = risks.risk(predictions, np.array([1.0, 2.0]), signal)
    assert found["risk"] == pytest.approx([(1 + 0.25 + 1) / 3, (4 + 0.25 + 4) / 3])
    unclipped = risks.risk(predictions[1:], NO_BOUND, signal[1:])
    assert unclipped["risk"] == pytest.approx([18.25 / 3])


@pytest.mark.parametrize("precision", [torch.float64, torch.float32], ids=str)
def test_tower_risks_are_those_of_the_towers_on_file(precision):
    tensors, fits = {}, {}
    test = sample(range(10, 12), 500)
    signal = np.random.default_rng(0).standard_normal((2, 500))
    for n, width in ((1024, 6), (64, 5)):
        data = sample(range(2), n, width=width, depth=2, precision=precision)
        towers = training.random_towers(data)
        rows = towers.flat().to(precision)
        fits[n] = towers.unflat(rows)
        bound, loss = data.ratings.abs().amax(dim=1), torch.tensor([n, 1.0])
        named = weights.named(fits[n], bound, loss, n, "used")
        ((_, _, again, _),) = weights.fits_in(named)
        tensors |= named
        assert torch.equal(again.flat(), rows.double())
    columns = {"user_covariates": test.users.numpy(), "item_covariates": test.items.numpy()}
    found = tower_risks(tensors, columns | {"signal": signal})
    assert [(row["n_ratings"], row["start"]) for row in found] == [(64, "used"), (1024, "used")]
    for row, width in zip(found, (5, 6), strict=True):
        fitted = fits[row["n_ratings"]]
        predictions = scores(fitted.unflat(fitted.flat().double()), test.users, test.items)
        bound = tensors[f"{row['n_ratings']:09d}/used/bound"]
        expected = risks.risk(predictions.numpy(), bound, signal)
        assert row["width"].tolist() == [width, width]
        assert row["training_loss"].tolist() == [row["n_ratings"], 1.0]
        assert row["risk"] == pytest.approx(expected["risk"], rel=1e-12)
        assert row["risk_se"] == pytest.approx(expected["risk_se"], rel=1e-12)


def test_reference_risks_match_the_sieves_and_fall():
    _, train, test = draw_replicates(1, data_spec(1, 2), range(2), 2000, 3000)
    fits = reference.fit_sizes(train, [250, 2000], 2)
    found = reference_risks(fits, test)
    assert [row["n_ratings"] for row in found] == [250, 2000]
    for row in found:
        for b, sieve in enumerate(reference.sieves_of(fits, row["n_ratings"])):
            bound = np.abs(train["ratings"][b, : row["n_ratings"]]).max()
            predictions = sieve.scores(test["user_coordinates"][b], test["item_coordinates"][b])
            errors = np.clip(predictions, -bound, bound) - test["signal"][b]
            assert row["risk"][b] == pytest.approx(np.square(errors).mean())
            assert row["width"][b] == sieve.n_functions
    assert found[1]["risk"].mean() < found[0]["risk"].mean()


def test_risk_on_seen_users_is_that_of_all_their_other_pairs():
    """With as many rounds as there are shifts, the mean over every pair that was not rated."""
    _, train, test = draw_replicates(1, data_spec(1, 2), range(2), 40, 50)
    names = ("user_covariates", "item_covariates", "ratings")
    users, items, ratings = (torch.from_numpy(train[name]) for name in names)
    towers = training.random_towers(sample(range(2), 40, dim=1, users=users, items=items))
    tensors = weights.named(towers, torch.full((2,), 9.0), torch.ones(2), 40, "used")
    (found,) = tower_risks(tensors, test)
    expected = []
    for b in range(2):
        pairs = [(u, i) for u in range(40) for i in range(40) if u != i]
        u, i = np.array(pairs).T
        fitted = scores(towers, users[:, u], items[:, i])[b].numpy()
        true = (test["seen_user_embeddings"][b, u] * test["seen_item_embeddings"][b, i]).sum(1)
        expected.append(np.square(fitted - true).mean())
    assert found["seen_risk"] == pytest.approx(expected, rel=1e-9)


def test_values_of_a_tower_on_file_are_the_same_alone_in_a_batch_and_those_of_torch():
    rng = np.random.default_rng(0)
    sizes = [(3, 40), (40, 40), (40, 2)]
    layers = [
        (rng.standard_normal((3, a, b)) / np.sqrt(a), rng.standard_normal((3, 1, b)))
        for a, b in sizes
    ]
    covariates = rng.random((3, 4000, 3))
    together = tower_values.embeddings(layers, covariates)
    alone = tower_values.embeddings([(w[1:2], b[1:2]) for w, b in layers], covariates[1:2])
    assert np.array_equal(alone[0], together[1])
    tensors = [tuple(torch.from_numpy(part) for part in layer) for layer in layers]
    expected = embeddings(tensors, torch.from_numpy(covariates)).numpy()
    np.testing.assert_allclose(together, expected, rtol=0, atol=1e-13 * np.abs(expected).max())
