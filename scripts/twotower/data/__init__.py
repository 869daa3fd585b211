"""Data with known truth: supports, targets, sampling designs, ratings, certificates."""
