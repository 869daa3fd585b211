"""Frozen rules beside `decisions`: those on clicks, and the numbers in the words of all of them."""
