"""Files that others may have made, read with care: JSON in one form, bytes within bounds."""
