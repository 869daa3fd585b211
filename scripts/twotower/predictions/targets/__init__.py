"""Risks due on single targets, from their coefficients and the hidden units of the very fits."""
