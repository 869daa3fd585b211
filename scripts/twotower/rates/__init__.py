"""Slopes of risks in the number of ratings, their predictions and verdicts."""
