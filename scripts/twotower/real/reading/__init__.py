"""Files of real ratings: their layouts, and every fault with its line."""
