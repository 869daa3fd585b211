"""Jobs that are killed and go on: the same bits, and no use of what another job left."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from cells import CLICKED, data_spec, draw_replicates
from twotower.study import arms
from twotower.towers import checkpoint, joint_training, training_job
from twotower.towers.checkpoint import Checkpoint

SETTINGS = {
    "erm": {"alternations": 2, "joint_steps": 6},
    "adam": {"steps": 9, "batch_size": 32, "learning_rate": 1e-2},
    "pairwise": {"alternations": 2, "joint_steps": 6, "comparisons": 4, "weight": "size"},
    "softmax_adam": {"steps": 9, "learning_rate": 1e-2},
} | {
    arm: {"output_steps": 3, "joint_steps": 6}
    for arm in arms.CLICK_ARMS
    if arm != arms.SOFTMAX_ADAM
}


class KilledError(Exception):
    """Stands for kill -9: nothing is tidied up."""


def job(arm: str, precision: str = "float64", components: int | None = None) -> tuple[dict, dict]:
    data = data_spec(sampling="fixed_users", catalogue=16) if arm == "pairwise" else data_spec()
    if arm in arms.CLICK_ARMS:
        data = data | CLICKED
    cell = data | {"depth": 2, "width": {"schedule": "fixed", "units": 6}}
    cell |= {"embedding_dim": components} if components else {}
    spec = {
        "seed": 1,
        "cell": cell,
        "arm": arm,
        "settings": SETTINGS[arm],
        "precision": precision,
        "gpu": False,
        "sample_sizes": [64, 128, 256],
        "certificate_sizes": [128],
        "certificate_replicates": 2,
        "code": "0123456789abcdef",
    } | ({"data": data} if arm == "pairwise" else {})
    return spec, draw_replicates(1, data, range(2), 256, 16)[1]


def results(spec: dict, data: dict, kept: Checkpoint | None = None) -> dict[str, bytes]:
    """Digests of everything that a job gives, by the name of the fit."""
    found = {}
    for result in training_job.train(spec, data, range(2), kept):
        total = hashlib.sha256(result.training_loss.tobytes())
        for name, array in sorted(result.tensors.items()):
            total.update(f"{name}{array.dtype}{array.shape}".encode() + array.tobytes())
        found[f"{result.n_ratings}/{result.start}"] = total.digest()
    return found


def killed_at(monkeypatch, write: int) -> None:
    """Let the `write`-th writing of a checkpoint succeed and end the job right after it."""
    written = []
    real = Checkpoint._write

    def counted(self):
        real(self)
        written.append(1)
        if len(written) == write:
            raise KilledError

    monkeypatch.setattr(Checkpoint, "_write", counted)


@pytest.mark.parametrize(
    ("arm", "precision", "components"),
    [
        *((arm, "float64", None) for arm in arms.TOWER_ARMS),
        ("erm", "float32", None),
        # more than a tower's functions; other arms are as these
        *((arm, "float64", 9) for arm in ("erm", "adam", "pairwise", "softmax_batch_raw")),
        ("softmax_adam", "float64", 9),
    ],
)
def test_a_job_killed_anywhere_ends_with_the_same_bits(
    tmp_path, monkeypatch, arm, precision, components
):
    """Every state of every fit is written, and the job is killed after each writing in turn."""
    spec, data = job(arm, precision, components)
    monkeypatch.setattr(joint_training, "RENEWED_EVERY", 4)
    monkeypatch.setattr(training_job, "ORACLE", {"alternations": 1, "joint_steps": 30})
    undisturbed = results(spec, data)
    assert len(undisturbed) == 6
    monkeypatch.setattr(checkpoint, "EVERY_SECONDS", 0.0)
    path, deaths = tmp_path / "run.safetensors", 0
    while True:
        with monkeypatch.context() as patch:
            killed_at(patch, 2)
            try:
                found = results(spec, data, Checkpoint(path, spec))
                break
            except KilledError:
                deaths += 1
    assert found == undisturbed
    # at least every other step of six fits, so that it went on from within them
    assert deaths > 6 * (SETTINGS[arm].get("steps") or SETTINGS[arm]["joint_steps"]) / 2


def test_finished_fits_are_not_done_again(tmp_path, monkeypatch):
    spec, data = job("erm")
    path = tmp_path / "run.safetensors"
    whole = results(spec, data, Checkpoint(path, spec))
    kept = Checkpoint(path, spec)
    assert kept.told() == f"{path}: 6 finished fits are taken over\n"
    monkeypatch.setattr(training_job, "ARMS", {})  # nothing can be fitted
    assert results(spec, data, kept) == whole
    kept.remove()
    assert not path.exists()


def test_short_fits_keep_no_state(tmp_path, monkeypatch):
    spec, data = job("adam")
    kept = Checkpoint(tmp_path / "run.safetensors", spec)
    written = []
    monkeypatch.setattr(kept, "_write", lambda: written.append(1))
    results(spec, data, kept)
    assert len(written) == 6  # one for each fit


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"code": "fedcba9876543210"}, "code '0123456789abcdef', not 'fedcba9876543210'"),
        ({"seed": 2}, "seed 1, not 2"),
        ({"sample_sizes": [64, 128]}, "sample_sizes [64, 128, 256], not [64, 128]"),
    ],
)
def test_a_checkpoint_of_another_job_is_refused_and_named(tmp_path, change, reason):
    spec, data = job("erm")
    path = tmp_path / "run.safetensors"
    results(spec, data, Checkpoint(path, spec))
    other = Checkpoint(path, spec | change)
    assert other.finished == {} and other.fit("256/used").earlier() == {}
    assert other.told() == (
        f"{path} is not used, and all towers are trained anew: "
        f"it was made by another job: {reason}\n"
    )


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    return content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]


def relabelled(content: bytes) -> bytes:
    """A checkpoint of seed 2 that claims to be of seed 1, in a header of the same length."""
    assert content.count(b'\\"seed\\":2') == 1
    return content.replace(b'\\"seed\\":2', b'\\"seed\\":1')


@pytest.mark.parametrize("damage", [cut, flipped, relabelled, lambda content: b""])
def test_a_damaged_checkpoint_is_refused(tmp_path, damage):
    spec, data = job("adam")
    path = tmp_path / "run.safetensors"
    seed = 2 if damage is relabelled else 1
    results(spec | {"seed": seed}, data, Checkpoint(path, spec | {"seed": seed}))
    path.write_bytes(damage(Path(path).read_bytes()))
    found = Checkpoint(path, spec)
    assert found.finished == {}
    reasons = ("it cannot be read", "its bytes are not those that were written")
    assert any(reason in found.told() for reason in reasons)
    assert results(spec, data, found) == results(spec, data)  # and then it is made anew
    assert Checkpoint(path, spec).refused == ""


def test_arrays_of_every_shape_come_back(tmp_path):
    path = tmp_path / "kept.safetensors"
    arrays = {"a:b/c": np.arange(6.0).reshape(2, 3).T, "scalar": np.array(3), "none": np.empty(0)}
    Checkpoint(path, {}).finish("x/y:z", arrays, {"seconds": 1.5})
    entry = Checkpoint(path, {}).finished["x/y:z"]
    assert entry.values == {"seconds": 1.5}
    assert entry.arrays.keys() == arrays.keys()
    assert all(np.array_equal(entry.arrays[name], arrays[name]) for name in arrays)
