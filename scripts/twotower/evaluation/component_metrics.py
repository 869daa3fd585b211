"""Names and numbers about lists by components, which tables and figures share."""

BEST, FREE = "best", "free"
"""Sources of embeddings that are no arms: the best of a number of components, and free ones."""

METRICS = ("recall", "ndcg", "regret", "whole")


def every_set(k: int) -> int:
    """Components with which every set of k of at least 3k items can be a list: 2k.

    See `free_embeddings` for the proof.
    """
    return 2 * k
