"""Loops compiled for the processor, by numba: plain arrays in, plain arrays out."""
