"""What `benchmarks/gpu.py` measures on a graphics card, part by part."""
