"""Towers for clicks: losses of choices among items, their start and their training."""
