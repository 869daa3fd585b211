"""Real ratings: splits, methods, scores and figures."""
