"""Clicks follow the law that the truth gives, and smaller samples are prefixes of larger ones."""

import dataclasses

import numpy as np
import pytest

from cells import click_places, click_spec, draw_clicks
from twotower.data import catalogue, certificate, click_certificate
from twotower.data.targets import draw_target

SPEC, SEED = click_spec(64), 3


def drawn(n: int, replicates: int = 1, **settings) -> dict[str, np.ndarray]:
    return draw_clicks(click_places(SEED, SPEC | settings, replicates), n)


def test_smaller_samples_are_prefixes_whoever_shares_the_batch():
    many, few = drawn(300, 2), drawn(100)
    for name, column in few.items():
        same = many[name][:1, : column.shape[1]]
        # what is computed from coordinates is the same up to rounding
        assert same == pytest.approx(column, rel=1e-12, abs=1e-12), name


def test_users_who_click_several_times_are_the_same_users():
    columns = drawn(10, clicks_each=4)
    users = columns["user_covariates"][0, :, 0]
    assert [len(np.unique(part)) for part in (users[:4], users[4:8], users[8:])] == [1, 1, 1]
    assert len(np.unique(users)) == 3
    assert len(np.unique(columns["items"][0])) > 3


def test_a_click_has_its_item_and_its_truth():
    columns = drawn(50)
    items = columns["items"][0].astype(int)
    assert np.array_equal(columns["catalogue_covariates"][0, items], columns["item_covariates"][0])
    target = draw_target(SEED, SPEC, 0)
    sides = (columns[f"{tower}_coordinates"][0] for tower in ("user", "item"))
    expected = target.ratings(*sides) / SPEC["temperature"]
    assert columns["signal"][0] == pytest.approx(expected)


def test_the_law_of_a_click_is_popularity_times_the_exponential_of_the_truth():
    target = draw_target(SEED, SPEC, 0)
    items = catalogue.draw_catalogue(SEED, SPEC, target, 0)
    popularity = np.sort(np.exp(items.log_popularity))[::-1]
    assert popularity == pytest.approx(popularity[0] / np.arange(1, 65))
    user = target.user.values(np.array([[0.3]]))
    scores = target.ratings(np.full((64, 1), 0.3), items.coordinates)
    law = np.exp(items.log_popularity) * np.exp(scores / 0.5)
    assert np.exp(items.log_law(user)[0]) == pytest.approx(law / law.sum())


def test_shares_of_clicks_are_those_of_many_users():
    columns = drawn(40_000)
    counts = np.bincount(columns["items"][0].astype(int), minlength=64)
    share = np.exp(columns["catalogue_log_share"][0])
    assert share.sum() == pytest.approx(1.0)
    error = np.sqrt(share * (1 - share) / 40_000)
    assert np.abs(counts / 40_000 - share).max() < 5 * error.max()


def test_shares_count_items_that_nobody_clicked():
    found = np.exp(catalogue.log_shares(np.array([0, 0, 2]), 3))
    assert found == pytest.approx(np.array([2.5, 0.5, 1.5]) / 4.5)


def test_the_certificate_passes_users_who_choose_as_the_truth_says_and_no_others(monkeypatch):
    place = click_places(SEED, SPEC, 1)
    certificate.require(click_certificate.certificate(*place))
    chosen = catalogue.Catalogue.choose

    def twice_as_sure(self, users, uniform):
        surer = dataclasses.replace(self, embeddings=1.2 * self.embeddings)
        return chosen(surer, users, uniform)

    monkeypatch.setattr(catalogue.Catalogue, "choose", twice_as_sure)
    with pytest.raises(certificate.CertificateError, match="choices measured"):
        certificate.require(click_certificate.certificate(*place))


def test_the_certificate_never_refuses_users_who_are_sure_of_few_items():
    """At a low temperature most items are hardly ever clicked on: single clicks say nothing."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        law = np.sort(rng.dirichlet(np.full(16, 0.02)))
        counts = rng.multinomial(8192, law)
        assert abs(click_certificate._excess(counts, law)) < 5
