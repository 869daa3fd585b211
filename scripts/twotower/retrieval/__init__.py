"""Search for items in large catalogues, then ranking by the full score."""
