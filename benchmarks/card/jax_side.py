"""Steps in JAX, timed: `python jax_side.py SECONDS` in a Python that has it, a file a line."""

import json
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_default_matmul_precision", "highest")  # no TF32, as here


def loss(layers, users, items, ratings):
    """Mean squared error of one network."""
    user = jax.nn.relu(users @ layers[0] + layers[1]) @ layers[2] + layers[3]
    item = jax.nn.relu(items @ layers[4] + layers[5]) @ layers[6] + layers[7]
    return jnp.mean(((user * item).sum(1) - ratings) ** 2)


def measured(path, least):
    """Losses, and seconds of the wall clock for a step, of the arrays in a file."""
    arrays = {name: jnp.asarray(array) for name, array in np.load(path).items()}
    layers = tuple(arrays[f"layer{index}"] for index in range(8))
    pairs = [arrays[name] for name in ("users", "items", "ratings")]
    step = jax.jit(jax.vmap(jax.value_and_grad(loss)))
    losses, _ = jax.block_until_ready(step(layers, *pairs))
    began = time.perf_counter()
    jax.block_until_ready(step(layers, *pairs))
    count = max(3, int(least / (time.perf_counter() - began)))
    began = time.perf_counter()
    for _ in range(count):
        found = step(layers, *pairs)
    jax.block_until_ready(found)
    return {"losses": losses.tolist(), "seconds": (time.perf_counter() - began) / count}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(measured(line.strip(), float(sys.argv[1]))), flush=True)
