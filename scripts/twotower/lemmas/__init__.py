"""Lemmas 1 to 3 of the theory, tried on random networks."""
