"""Groups of pairs by what is known of their users and items: the columns of their risks."""

import math

TOWERS = ("user", "item")
PAIR_KINDS = ("known_known", "new_known", "known_new", "new_new")
"""User first, item second."""
PAST = {"1_5": (1, 5), "6_20": (6, 20), "more": (21, math.inf)}
"""Numbers of past ratings; with 0 a user is new."""
MOST_PAIRS = 16_384
"""Most pairs of each kind that are judged at a size."""
USERS_JUDGED = 4096
"""Most fresh users on whom the law of their clicks is judged."""
GROUPS = (*PAIR_KINDS[1:], *(f"{tower}_past_{name}" for tower in TOWERS for name in PAST))
"""Columns of a table of risks beside `risk`, which is that of known_known in such cells."""
