"""Runs as processes: survey, resume, Slurm, failures, doctor."""
