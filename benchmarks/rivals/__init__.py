"""What a user would pick instead of this project, or this project instead of what it does now: run
beside it by `benchmarks/throughput.py` and `benchmarks/optimizers.py`.
"""
