"""Merkle trees as in RFC 6962, section 2.1: one hash that stands for a list of entries.

A leaf's hash begins with a zero byte and a node's with a one, so that no node passes for a leaf.
"""

import hashlib
from collections.abc import Sequence


def root(leaves: Sequence[bytes]) -> bytes:
    """The hash of the tree over `leaves` in their order, 32 bytes; of no leaves, that of b""."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    while len(level) > 1:  # joining neighbours, an odd one as it is, gives the tree of the RFC
        pairs = [_node(*level[at : at + 2]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
