"""Retrieval: brute force, ties, long embeddings, small catalogues, and what is refused."""

import faiss
import numpy as np
import pytest

from twotower.retrieval import indexes as retrieval_indexes

APPROXIMATE = [kind for kind in retrieval_indexes.INDEXES if kind != retrieval_indexes.EXACT]


@pytest.fixture(scope="module")
def embeddings() -> tuple[np.ndarray, np.ndarray]:
    """Of 40 users and of 6,000 items that lie on a surface of three dimensions in R^12."""
    rng = np.random.default_rng(0)
    inner = rng.standard_normal((6000, 3))
    items = np.sin(inner @ rng.standard_normal((3, 12))) + 0.5 * inner @ rng.random((3, 12))
    return rng.standard_normal((40, 12)), items


@pytest.fixture(scope="module")
def indexes(embeddings) -> dict[str, retrieval_indexes.Index]:
    return {
        kind: retrieval_indexes.build(kind, embeddings[1]) for kind in retrieval_indexes.INDEXES
    }


def brute_force(users, items, k):
    scores = np.einsum("mp,ip->mi", users, items)
    return np.argsort(-scores, axis=1, kind="stable")[:, :k], scores


def test_exact_search_is_brute_force(embeddings, indexes):
    ids, scores = brute_force(*embeddings, 10)
    for found in (
        indexes["exact"].search(embeddings[0], 10),
        retrieval_indexes.exact_top(*embeddings, 10),
    ):
        np.testing.assert_array_equal(found.ids, ids)
        np.testing.assert_allclose(found.scores, np.take_along_axis(scores, ids, 1), rtol=1e-12)


@pytest.mark.parametrize("kind", APPROXIMATE)
def test_ranking_all_items_is_exact_whatever_the_index(embeddings, indexes, kind):
    users, items = embeddings
    found = indexes[kind].search(users, 10, candidates=len(items), effort=len(items))
    np.testing.assert_array_equal(found.ids, retrieval_indexes.exact_top(users, items, 10).ids)


@pytest.mark.parametrize("kind", APPROXIMATE)
def test_recall_grows_with_effort_and_candidates(embeddings, indexes, kind):
    users, items = embeddings
    exact = retrieval_indexes.exact_top(users, items, 10)

    def recall(**knobs) -> float:
        return retrieval_indexes.recall(indexes[kind].search(users, 10, **knobs), exact).mean()

    by_effort = [recall(candidates=10, effort=effort) for effort in (1, 4, 64, 1024)]
    assert by_effort == sorted(by_effort) and by_effort[0] < 0.9 < by_effort[-1]
    by_candidates = [recall(candidates=count, effort=64) for count in (10, 20, 100)]
    assert by_candidates == sorted(by_candidates)
    if kind == "ivf_sq8":  # eight bits misplace items that stage two then puts right
        assert by_candidates[0] < 0.99 and by_candidates[-1] == 1.0


def test_lifted_items_are_found_with_less_effort(embeddings, indexes):
    users, items = embeddings
    exact = retrieval_indexes.exact_top(users, items, 10)
    lifted, raw = (
        retrieval_indexes.recall(indexes[kind].search(users, 10, effort=4), exact).mean()
        for kind in ("ivf", "ivf_raw")
    )
    assert lifted > raw + 0.1


def test_long_embeddings_come_before_aligned_ones():
    items = np.array([[1.0, 0.0], [3.0, 3.0], [-5.0, 0.0]])
    for kind in retrieval_indexes.INDEXES:
        found = retrieval_indexes.build(kind, items).search(np.array([[1.0, 0.0]]), 3)
        assert found.ids.tolist() == [[1, 0, 2]]
        assert found.scores.tolist() == [[3.0, 1.0, -5.0]]


def test_equal_scores_are_ordered_by_number_and_count_as_found(embeddings):
    users, items = embeddings
    twins = np.concatenate([items[:500], items[:500]])
    exact = retrieval_indexes.exact_top(users, twins, 10)
    assert (exact.ids[:, 1::2] == exact.ids[:, ::2] + 500).all()
    for row in range(5):  # one user alone gives the bits that all together give
        alone = retrieval_indexes.exact_top(users[[row]], twins, 10)
        np.testing.assert_array_equal(alone.ids[0], exact.ids[row])
        np.testing.assert_array_equal(alone.scores[0], exact.scores[row])
    other = retrieval_indexes.rerank(users, twins, (exact.ids + 500) % 1000, 10)
    assert retrieval_indexes.recall(other, exact).min() == 1.0
    nothing = retrieval_indexes.exact_top(np.zeros((1, 12)), twins, 10)
    assert nothing.ids.tolist() == [list(range(10))]


@pytest.mark.parametrize("kind", retrieval_indexes.INDEXES)
def test_a_catalogue_smaller_than_k_is_ranked_whole(embeddings, kind):
    users, items = embeddings
    for count in (1, 7):
        found = retrieval_indexes.build(kind, items[:count]).search(users, 10, candidates=30)
        ids, _ = brute_force(users, items[:count], 10)
        np.testing.assert_array_equal(found.ids, ids)


def test_a_user_whose_list_is_short_is_searched_exactly(embeddings, indexes):
    users, items = embeddings
    found = indexes["ivf"].search(users, 500, effort=1)
    exact = retrieval_indexes.exact_top(users, items, 500)
    lifted = np.pad(users.astype(np.float32), ((0, 0), (0, 1)))
    _, listed = indexes["ivf"].stage_one.search(lifted, 500)
    short = listed[:, -1] < 0
    assert short.sum() > 0
    np.testing.assert_array_equal(found.ids[short], exact.ids[short])
    assert (found.ids >= 0).all()


@pytest.mark.parametrize("kind", retrieval_indexes.INDEXES)
def test_the_same_index_and_answers_on_every_run_and_in_any_batch(embeddings, indexes, kind):
    users, items = embeddings
    again = retrieval_indexes.build(kind, items)
    stored = [faiss.serialize_index(index.stage_one) for index in (again, indexes[kind])]
    np.testing.assert_array_equal(*stored)
    whole = indexes[kind].search(users, 10, candidates=30)
    for row in range(len(users)):
        alone = again.search(users[[row]], 10, candidates=30)
        np.testing.assert_array_equal(alone.ids[0], whole.ids[row])
        np.testing.assert_array_equal(alone.scores[0], whole.scores[row])


def test_regret_is_the_mean_of_the_best_less_that_of_the_shown():
    best = np.array([[4.0, 2.0], [1.0, 1.0]])
    shown = np.array([[4.0, 0.0], [1.0, 1.0]])
    assert retrieval_indexes.regret(shown, best).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("embeddings", "said"),
    [
        (np.zeros((0, 3)), "item embeddings of shape [0, 3]; allowed: a row for each item"),
        (np.zeros(3), "item embeddings of shape [3]"),
        (np.array([[1.0, 2.0], [0.0, np.nan]]), "item embeddings: nan in row 1, component 1"),
        (np.array([[np.inf]]), "inf in row 0, component 0; allowed: finite numbers up to 1e+15"),
        (np.array([[-1e16]]), "-1e+16 in row 0"),
    ],
)
def test_bad_embeddings_are_refused(embeddings, said):
    with pytest.raises(retrieval_indexes.RetrievalError) as refused:
        retrieval_indexes.build("exact", embeddings)
    assert said in str(refused.value)


def test_bad_settings_are_refused(embeddings, indexes):
    users, items = embeddings
    with pytest.raises(
        retrieval_indexes.RetrievalError,
        match="'annoy'; allowed: exact, ivf, ivf_sq8, ivf_raw, hnsw",
    ):
        retrieval_indexes.build("annoy", items)
    for knobs, said in [
        ({"k": 0}, "k = 0; allowed: 1 or more"),
        ({"k": 10, "candidates": 5}, "candidates = 5 for k = 10; allowed: 10 or more"),
        ({"k": 10, "effort": 8}, "effort = 8 for an index of kind 'exact'; allowed: none"),
    ]:
        with pytest.raises(retrieval_indexes.RetrievalError, match=said):
            indexes["exact"].search(users, **knobs)
    with pytest.raises(retrieval_indexes.RetrievalError, match="effort = 0; allowed: 1 or more"):
        indexes["hnsw"].search(users, 10, effort=0)
    with pytest.raises(retrieval_indexes.RetrievalError, match="5 components; allowed: 12"):
        indexes["hnsw"].search(users[:, :5], 10)
