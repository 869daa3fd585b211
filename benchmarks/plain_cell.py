"""The cell of the default study that benchmarks fit: β = 1, d = 1, p = 2, unit noise."""

DATA = {
    "smoothness": 1.0,
    "user_intrinsic_dim": 1,
    "item_intrinsic_dim": 1,
    "user_ambient_dim": 1,
    "item_ambient_dim": 1,
    "support": "cube",
    "rank": 2,
    "noise_sd": 1.0,
}
