"""What runs on real ratings cost, by the size of the data."""
