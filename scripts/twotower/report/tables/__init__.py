"""Tables of results as text for readers, and how they are written."""
