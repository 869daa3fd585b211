"""A made-up folder in the layout and size of MovieLens 1M. Nothing in it is anybody's data.

From the README published with MovieLens 1M: 1,000,209 ratings by 6,040 users with at least 20
each, 3,883 films in `movies.dat`, the seven codes of age, the 21 of occupation, the 18 genres, and
ratings of the year 2000 and after. As others have counted and published, rounded: 3,706 films are
rated; the shares of stars, ages, men, occupations and genres. Guessed: how long-tailed users and
films are, release years, titles, times, and how all of these go together.
"""

from pathlib import Path

import numpy as np

from made import truth as planted
from twotower.base import files, seeds

RATINGS, USERS, FILMS, RATED, LEAST = 1_000_209, 6_040, 3_883, 3_706, 20
STARS = (5.6, 10.8, 26.1, 34.9, 22.6)
AGES = {1: 3.7, 18: 18.3, 25: 34.7, 35: 19.8, 45: 9.1, 50: 8.2, 56: 6.3}
MEN = 0.717
OCCUPATIONS = (11.8, 8.7, 4.4, 2.9, 12.6, 1.9, 3.9, 11.2, 0.3, 1.5, 3.2, 2.1, 6.4, 2.4, 5.0, 2.4)
OCCUPATIONS += (4.0, 8.3, 1.2, 1.2, 4.7)
GENRES = {
    "Action": 13.0, "Adventure": 7.3, "Animation": 2.7, "Children's": 6.5, "Comedy": 30.9,
    "Crime": 5.4, "Documentary": 3.3, "Drama": 41.3, "Fantasy": 1.8, "Film-Noir": 1.1,
    "Horror": 8.8, "Musical": 2.9, "Mystery": 2.7, "Romance": 12.1, "Sci-Fi": 7.1,
    "Thriller": 12.7, "War": 3.7, "Western": 1.8,
}  # fmt: skip
"""Per cent of the films; a film may have several."""
WORDS = 800
USER_SPREAD, FILM_SPREAD = 1.15, 1.6
_START, _SECONDS = 956_700_000, 3 * 365 * 86_400  # of the first rating, and how long they go on
_BLOCK = 500  # users whose films are drawn at a time


def write(folder: Path, seed: int, size: float = 1.0) -> int:
    """Write ratings.dat, users.dat and movies.dat; returns the number of ratings.

    Args:
        size: 1 is the published one; less makes fewer users and films, each with as many ratings,
            down to those that few films allow.
    """
    rng = seeds.generator(seed, {"made": "movielens"}, "entities", 0)
    users, films = (max(40, round(size * each)) for each in (USERS, FILMS))
    rated = min(films, round(films * RATED / FILMS))
    total = min(round(RATINGS * users / USERS), users * rated // 3)
    age = rng.choice(list(AGES), size=users, p=_shares(AGES.values()))
    man = rng.random(users) < MEN
    job = rng.choice(len(OCCUPATIONS), size=users, p=_shares(OCCUPATIONS))
    flags = rng.random((films, len(GENRES))) < np.array(list(GENRES.values())) / 100
    flags[~flags.any(axis=1), list(GENRES).index("Drama")] = True
    year = np.clip(2001 - rng.exponential(14, films).astype(int), 1919, 2000)
    words = rng.integers(WORDS, size=(films, 3))
    people = np.column_stack([age, man, np.eye(len(OCCUPATIONS))[job]])
    things = np.column_stack([year, flags])
    weights = np.exp(FILM_SPREAD * rng.standard_normal(films))
    weights[rng.permutation(films)[rated:]] = 0.0
    sides = (
        planted.embedded(people.astype(float), rng),
        planted.embedded(things.astype(float), rng),
    )
    model = planted.truth(*sides, weights, STARS, rng)
    least = min(LEAST, rated // 3)
    given = planted.counts(total, users, least, 2 * rated // 3, USER_SPREAD, rng)
    folder.mkdir(parents=True, exist_ok=True)
    _lines(folder / "users.dat", (
        f"{u + 1}::{'FM'[int(man[u])]}::{age[u]}::{job[u]}::{10_000 + u}" for u in range(users)
    ))  # fmt: skip
    names = np.array(list(GENRES))
    titles = [" ".join(f"word{word}" for word in three) for three in words]
    listed = ["|".join(names[own]) for own in flags]
    each = zip(range(1, films + 1), titles, year, listed, strict=True)
    _lines(folder / "movies.dat", (f"{i}::{title} ({y})::{kinds}" for i, title, y, kinds in each))
    with files.atomic_write(folder / "ratings.dat") as temporary, open(temporary, "w") as file:
        for block, start in enumerate(range(0, users, _BLOCK)):
            own = seeds.generator(seed, {"made": "movielens"}, "ratings", block)
            _write_block(
                file, np.arange(start, min(start + _BLOCK, users)), given, weights, model, own
            )
    return int(given.sum())


def _write_block(file, users, given, weights, model, rng) -> None:
    """Ratings of some users: each draws films without replacement, by the largest of weighted keys.

    P. Efraimidis & P. Spirakis, *Information Processing Letters* 97 (2006).
    """
    with np.errstate(divide="ignore"):
        keys = np.log(weights) + rng.gumbel(size=(len(users), len(weights)))
    order = np.argsort(-keys, axis=1)
    for row, user in enumerate(users):
        films = rng.permutation(order[row, : given[user]])
        stars = model.stars(np.full(len(films), user), films, rng)
        times = (
            _START + int(_SECONDS * rng.random()) + np.sort(rng.integers(86_400, size=len(films)))
        )
        each = zip(films.tolist(), stars.tolist(), times.tolist(), strict=True)
        file.writelines(f"{user + 1}::{film + 1}::{star}::{time}\n" for film, star, time in each)


def _shares(parts) -> np.ndarray:
    parts = np.array(list(parts), float)
    return parts / parts.sum()


def _lines(path: Path, lines) -> None:
    with files.atomic_write(path) as temporary, open(temporary, "w") as file:
        file.writelines(f"{line}\n" for line in lines)
