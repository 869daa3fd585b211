"""Bookkeeping: records of jobs and runs, environment, packages, code digests, logs."""
