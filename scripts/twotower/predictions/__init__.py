"""Risks due in absolute terms, from targets alone: no ratings, no training, no free constant."""
