"""Tables of risks as a study makes them, drawn around the finite-n prediction."""

import hashlib
import json

import numpy as np
import pandas as pd

from twotower.base.seeds import generator
from twotower.predictions import ensemble
from twotower.rates.planted_curves import SETTING, noisy

SIZES = 2 ** np.arange(9, 17)
CERTIFICATE_SIZE = 8192
PARTS = {"doubled": 0.95, "oracle": 0.9, "noise_free": 0.2}  # risks over that of the start used


def cell_risks(
    experiment="smoothness", tilt=0.0, arms=("erm", "reference"), targets=12, seed=0, **settings
):
    """Risks of one cell; those of every arm but the reference fall n^tilt times as fast."""
    dims = {"smoothness": 1.0, "user_intrinsic_dim": 1, "item_intrinsic_dim": 1}
    row = dims | SETTING | settings
    row["ambient_dim"] = max(
        row["ambient_dim"], row["user_intrinsic_dim"], row["item_intrinsic_dim"]
    )
    key = json.dumps({name: str(value) for name, value in row.items()})
    cell = hashlib.sha256(key.encode()).hexdigest()[:10]
    row = {"experiment": experiment, "cell": cell, "data": cell[::-1], **row}
    mean = np.asarray(ensemble.predicted_risks(row, SIZES), float)
    frames = []
    for arm in arms:
        rng = generator(seed, {"cell": cell, "arm": arm}, "study draws", 0)
        shape = 1.0 if arm == "reference" else (SIZES / SIZES[-1]) ** tilt
        risk, risk_se, known = noisy(mean * shape, SIZES, targets, rng)
        due = known / shape
        starts = {"used": (SIZES, risk, risk_se, due)}
        if arm == "erm":
            at = SIZES == CERTIFICATE_SIZE
            for start, share in PARTS.items():
                starts[start] = (SIZES[at], share * risk[:, at], share * risk_se[:, at], due[:, at])
        for start, (sizes, values, errors, predicted) in starts.items():
            seen = values / 1.05 if arm == "erm" and start == "used" else np.nan * values
            frames.append(
                pd.DataFrame(
                    row
                    | {"arm": arm, "start": start}
                    | {"n_ratings": np.tile(sizes, targets), "width": 16}
                    | {"replicate": np.repeat(np.arange(targets), sizes.size)}
                    | {"risk": values.ravel(), "risk_se": errors.ravel()}
                    | {"seen_risk": seen.ravel(), "predicted_risk": predicted.ravel()}
                    | {"seen_risk": seen.ravel()}
                    | {"training_loss": {"used": 1.0, "doubled": 0.99}.get(start, 0.98)}
                )
            )
    return pd.concat(frames, ignore_index=True)


def rate_rows(*rows, **common):
    """Rows of rates as they are judged, from what differs: interval ± 0.02 unless given."""
    plain = {
        **{"experiment": "smoothness", "smoothness": 1.0, "arm": "erm", **SETTING},
        **{"user_intrinsic_dim": 1, "item_intrinsic_dim": 1, "replicates": 12},
        **{"slope": -0.66, "predicted_slope": -0.66, "bound_slope": -2 / 3, "log_allowance": 0.2},
        **{"verdict": "consistent with the rate", "confirmatory": True, "risk_at_n_max": 0.01},
        **{"p_slower": 0.9, "p_holm": 1.0, "tail_difference": 0.0, "flattening_low": -0.1},
    }
    frame = pd.DataFrame([plain | common | row for row in rows])
    for name, sign in (("slope_low", -1), ("slope_high", 1)):
        if name not in frame:
            frame[name] = frame["slope"] + sign * 0.02
    for name, due in (("difference", "predicted_slope"), ("upper_difference", "predicted_slope")):
        for end in ("", "_low", "_high"):
            frame[name + end] = frame.get(name + end, frame[f"slope{end}"] - frame[due])
    frame["upper_predicted_slope"] = frame["predicted_slope"]
    names = [f"{index:010x}" for index in range(len(frame))]
    return frame.assign(cell=names, data=frame.get("data", pd.Series(names)))
