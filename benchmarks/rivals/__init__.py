"""What a user would pick in place of this project, run beside it by `benchmarks/throughput.py`."""
