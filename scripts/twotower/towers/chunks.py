"""How many pairs are processed at a time; sums run over these chunks.

On a CPU elements of one network's hidden layer are counted: they should stay in cache, and sums may
not depend on the batch. A card wants more, and must hold those of all its networks: there the batch
counts too, and may change the last bits of a network.
"""

STRETCH = 1 << 16
"""Pairs whose embeddings by given towers are computed at a time."""

BLOCK = 64
"""Steps of Adam whose minibatches are drawn, copied and taken at once."""

COMPARED = 4096
"""Ratings of a network whose comparisons with others of their user are held at a time on a CPU."""

_ELEMENTS = {"cpu": 1 << 13, "cuda": 1 << 24}
"""Of a network on a CPU; of a whole batch on a card, 128 MiB in float64."""


def rows(width: int, device: str, batch: int = 1) -> int:
    """Pairs in a chunk for networks of this width on a kind of device, "cpu" or "cuda"."""
    networks = batch if device == "cuda" else 1
    return max(32, _ELEMENTS[device] // max(width * networks, 1))
