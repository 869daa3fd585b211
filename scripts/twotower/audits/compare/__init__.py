"""What two files of one kind have in common, from equal bytes to equal within a tolerance."""
