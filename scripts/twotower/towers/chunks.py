"""How many pairs are processed at a time; sums run over these chunks, so never by batch size.

Elements of a network's hidden layer are counted: on a CPU those of a whole batch should stay in
cache; a GPU wants more.
"""

STRETCH = 1 << 16
"""Pairs whose embeddings by given towers are computed at a time."""

_ELEMENTS = {"cpu": 1 << 13, "cuda": 1 << 22}


def rows(width: int, device: str) -> int:
    """Pairs in a chunk for networks of this width on a kind of device, "cpu" or "cuda"."""
    return max(32, _ELEMENTS[device] // max(width, 1))
