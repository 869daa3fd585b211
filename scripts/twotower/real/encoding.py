"""Covariates as numbers: a matrix for the users and one for the items, from what files tell.

Nothing here looks at a rating. Each covariate (age, occupation, genres, …) has total variance 1
over its columns, so that no covariate counts for more because it has many values.

Texts become tf-idf of their words, cut to a few dimensions: what titles have in common are words
(sequels, series), for which a sentence encoder of 83 MB and its libraries would be out of
proportion.
"""

import numpy as np

from twotower.real.reading.files import Entities

TEXT_DIMENSIONS = 16
FEWEST_TEXTS = 2
"""Texts that share a word before it counts."""


def encoded(entities: Entities) -> tuple[np.ndarray, list[str]]:
    """Covariates float64 [count, D] and the covariate that each column belongs to.

    Where nothing is known, one column of ones: all rows are then alike.
    """
    blocks: list[tuple[str, np.ndarray]] = []
    for name, values in entities.numbers.items():
        known = np.isfinite(values)
        center = values[known].mean() if known.any() else 0.0
        filled = np.where(known, values, center)
        blocks.append((name, np.stack([filled, ~known], axis=1)))
    for name, words in entities.categories.items():
        blocks.append((name, _flags([(word,) if word else () for word in words])))
    for name, sets in entities.sets.items():
        blocks.append((name, _flags(sets)))
    for name, texts in entities.texts.items():
        blocks.append((name, _text_columns(texts)))
    columns, names = [], []
    for name, block in blocks:
        block = block - block.mean(axis=0)
        varying = block[:, block.std(axis=0) > 1e-12]
        if varying.shape[1]:
            columns.append(varying / np.sqrt(varying.var(axis=0).sum()))
            names += [name] * varying.shape[1]
    if not columns:
        return np.ones((entities.count, 1)), ["none"]
    return np.concatenate(columns, axis=1), names


def _flags(sets: list[tuple[str, ...]]) -> np.ndarray:
    """A column of 0 and 1 for each word that occurs."""
    words = sorted({word for one in sets for word in one})
    place = {word: column for column, word in enumerate(words)}
    flags = np.zeros((len(sets), len(words)))
    for row, one in enumerate(sets):
        flags[row, [place[word] for word in one]] = 1.0
    return flags


def _text_columns(texts: list[str]) -> np.ndarray:
    """Leading singular directions of the texts' tf-idf: latent semantic analysis."""
    # Here, since it takes over a second, and ratings that are refused never come so far.
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    try:
        weights = TfidfVectorizer(min_df=FEWEST_TEXTS, sublinear_tf=True).fit_transform(texts)
    except ValueError:  # no word stands in two texts
        return np.zeros((len(texts), 0))
    size = min(TEXT_DIMENSIONS, min(weights.shape) - 1)
    if size < 1:
        return weights.toarray()
    with np.errstate(divide="ignore", invalid="ignore"):  # its shares of variance, unused here
        return TruncatedSVD(size, algorithm="arpack", random_state=0).fit_transform(weights)
