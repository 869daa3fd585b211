"""Counts and long lists in words, as messages and pages for readers have them."""

from collections.abc import Sequence


def count(number: int, noun: str) -> str:
    """A number of things: the noun stands in the plural unless the number is 1."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def shortened(lines: Sequence[str], most: int) -> list[str]:
    """The first lines, and a line that says how many more there are."""
    more = len(lines) - most
    return [*lines[:most], *([f"  and {more:,} more"] if more > 0 else [])]


def named(names: Sequence[str], most: int) -> str:
    """The first names, joined by commas, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
