"""Clicks with the covariates of both sides as matrices: who chose what, and in which order."""
