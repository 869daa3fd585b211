"""Figures of what services train with: clicks, lists, and what limits them."""
