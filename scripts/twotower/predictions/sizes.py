"""Sizes of predictions, for whoever plans them without loading torch."""

PROJECTION_POINTS = 8192
"""Points over which a tower's embedding is projected: what is left out is then within 0.6% of that
over 131,072 points for d ≤ 2, and within 1.3% for d = 3."""
RATING_PAIRS = 16_384
"""Pairs on which the law of bent ratings is measured."""
CLICK_USERS = 4096
"""Users over whom laws of clicks are averaged."""
