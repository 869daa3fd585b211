"""What is read from many slopes together: extrapolation, error budget, tournament and the like."""
