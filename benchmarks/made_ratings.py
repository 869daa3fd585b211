"""Made-up ratings in the layout and size of published ones: `made_ratings.py LAYOUT FOLDER`.

LAYOUT is movielens-1m (1,000,209 ratings) or yelp (5,996,996 reviews, 5 GB; less with --text).
Ratings come from two planted towers with effects of single ids and noise, so that fits have
something to find. Nothing in the files is anybody's data. Which counts and shares are published,
and which are guessed, stands in `made/movielens.py` and `made/yelp.py`. The same seed writes the
same bytes. For docs/real-ratings.md.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

from made import movielens, yelp  # noqa: E402

LAYOUTS = {"movielens-1m": movielens.write, "yelp": yelp.write}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layout", choices=LAYOUTS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=float, default=1.0, help="1 is the published size")
    parser.add_argument("--text", type=int, help="characters of a review of Yelp's, on average")
    given = parser.parse_args()
    options = {} if given.text is None else {"text": given.text}
    if options and given.layout != "yelp":
        parser.error("--text is for the layout yelp alone")
    ratings = LAYOUTS[given.layout](given.folder, given.seed, given.size, **options)
    print(f"{given.folder}: {ratings:,} ratings")
