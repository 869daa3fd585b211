"""Ratings larger than memory: the same numbers in chunks, and memory that stays flat."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from cells import DESIGNS, data_spec, draw_replicates
from twotower.base import mapped_pages, tensors
from twotower.data import ratings
from twotower.towers import training_job
from twotower.towers.closed_form import rating_statistics

CONTROLS = [{"control": "permuted_ratings"}, {"control": "shuffled_covariates"}]
WIDTH = {"schedule": "fixed", "units": 4}
SETTINGS = {
    "erm": {"alternations": 1, "joint_steps": 1},
    "adam": {"steps": 20, "batch_size": 16, "learning_rate": 1e-2},
}


def job(arm, data, sizes, precision="float64"):
    return {
        "seed": 1,
        "cell": data | {"depth": 1, "width": WIDTH},
        "arm": arm,
        "settings": SETTINGS[arm],
        "precision": precision,
        "gpu": False,
        "sample_sizes": sizes,
        "certificate_sizes": sizes[:1],
        "certificate_replicates": 2,
    }


@pytest.mark.parametrize("settings", [{"noise": "student"}, *DESIGNS, *CONTROLS], ids=str)
def test_chunks_of_drawn_ratings_do_not_matter(settings, monkeypatch):
    _, whole, _ = draw_replicates(1, data_spec(1, 2, **settings), range(2), 3000, 16)
    monkeypatch.setattr(ratings, "CHUNK", 701)
    _, parts, _ = draw_replicates(1, data_spec(1, 2, **settings), range(2), 3000, 16)
    for name, column in whole.items():
        exact = name.endswith("coordinates")
        np.testing.assert_allclose(parts[name], column, rtol=0, atol=0 if exact else 1e-12)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("arm", ["erm", "adam"])
def test_mapped_ratings_train_the_same_towers_to_the_bit(arm, precision, tmp_path, monkeypatch):
    spec = job(arm, data_spec(1, 2), [256, 2000], precision)
    _, drawn, _ = draw_replicates(1, data_spec(1, 2), range(3), 2000, 16)
    read = list(training_job.train(spec, drawn, range(3)))
    tensors.write(tmp_path / "ratings", drawn)
    monkeypatch.setattr(tensors, "MAPPED_BYTES", 0)
    monkeypatch.setattr(mapped_pages, "WINDOW", 1 << 14)
    mapped = tensors.read(tmp_path / "ratings", slice(1, 3), mapped=True)
    for one, other in zip(read, training_job.train(spec, mapped, range(1, 3)), strict=True):
        assert np.array_equal(one.training_loss[1:], other.training_loss)
        for name, tensor in one.tensors.items():
            assert np.array_equal(tensor[1:], other.tensors[name]), name


def test_sums_of_stretches_are_those_of_the_column(monkeypatch):
    column = torch.from_numpy(3.0 + np.random.default_rng(0).standard_normal((2, 1000)))
    largest, variances = rating_statistics.largest(column), rating_statistics.variances(column)
    monkeypatch.setattr(rating_statistics, "_STRETCH", 128)
    assert torch.equal(rating_statistics.largest(column), largest)
    torch.testing.assert_close(rating_statistics.variances(column), variances, rtol=1e-12, atol=0)


# In miniature, so that a small sample is much larger than what may be held of it.
PLACES = [str(Path(__file__).parent)]
PLACES += [path for path in sys.path if path.endswith(("scripts", "unit"))]
SCRIPT = f"""
import sys
sys.path[:0] = {PLACES!r}
from cells import data_spec
from test_streaming import job
from twotower.base import mapped_pages, tensors
from twotower.data import ratings
from twotower.methods import alternation, reference
from twotower.towers import chunks, training_job
from twotower.towers.closed_form import rating_statistics
from twotower.data.targets import draw_target

ratings.CHUNK = reference.KEPT_BYTES = rating_statistics._STRETCH = chunks.STRETCH = 1 << 14
mapped_pages.WINDOW, tensors.MAPPED_BYTES = 1 << 22, 0
alternation.ALTERNATIONS = reference.PATIENCE = 1  # enough to pass everywhere
n, path, spec = int(sys.argv[1]), sys.argv[2], data_spec(smoothness="inf")


def report():
    print(next(line.split()[1] for line in open("/proc/self/status") if "VmHWM" in line))


with tensors.writing(path, ratings.training_shapes(spec, 1, n)) as written:
    ratings.fill_training(written, 1, spec, {{0: draw_target(1, spec, 0)}}, n)
report()
data = tensors.read(path, mapped=True)
for arm in ("erm", "adam"):
    list(training_job.train(job(arm, spec, [20_000, n], "float32"), data, range(1)))
    report()
reference.fit_sizes(data, [n], 2)
report()
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_does_not_grow_with_the_number_of_ratings(tmp_path):
    peaks = []
    for n in (150_000, 600_000):
        command = [sys.executable, "-c", SCRIPT, str(n), tmp_path / "ratings"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        peaks.append([int(line) / 1024 for line in done.stdout.splitlines()])
    file = 450_000 * 6 * 8 / 2**20  # by so many MiB the file grows
    for step, few, many in zip(("draw", "erm", "adam", "reference"), *peaks, strict=True):
        assert many - few < file / 3, f"{step}: from {few:.0f} to {many:.0f} MiB"
