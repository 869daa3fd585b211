"""Is every file as it was made and sealed? Checks that run nothing."""
