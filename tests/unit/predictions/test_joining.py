"""Predictions stand beside the risks of the same size and replicate."""

import math

import pandas as pd
import pytest

from cells import data_spec
from twotower.predictions import joining, table

RISKS = pd.DataFrame(
    {"n_ratings": [128, 64, 64, 64], "replicate": [0, 1, 0, 0], "risk": [1.0, 2.0, 3.0, 4.0]}
)


def test_predictions_find_their_rows():
    due = table.of_reference(1, data_spec(), [64, 128], range(2))
    assert list(due.columns) == table.COLUMNS and set(due["predictor"]) == {table.ORACLE_SIEVE}
    found = joining.joined(RISKS, due.iloc[::-1])
    assert found["risk"].tolist() == [1.0, 2.0, 3.0, 4.0]
    by_row = due.set_index(["n_ratings", "replicate"])
    for _, row in found.iterrows():
        wanted = by_row.loc[(row["n_ratings"], row["replicate"]), joining.PREDICTED]
        assert row[joining.PREDICTED].tolist() == wanted.tolist()


def test_a_fit_without_predictions_has_empty_columns():
    for due in (None, table.of_reference(1, data_spec(sampling="grid"), [64, 128], range(2))):
        found = joining.joined(RISKS, due)
        assert list(found) == [*RISKS, *joining.PREDICTED]
        assert found[joining.PREDICTED].isna().all(axis=None)


def test_a_risk_without_its_prediction_is_a_fault():
    due = table.of_reference(1, data_spec(), [64, 128], range(1))
    with pytest.raises(ValueError, match="lack a size or replicate"):
        joining.joined(RISKS, due)
    with pytest.raises(ValueError, match="merge"):
        joining.joined(RISKS.iloc[[0]], pd.concat([due, due]))


def test_a_replicate_has_the_same_prediction_alone():
    both, alone = (table.of_reference(1, data_spec(2), [512], range(k, 2)) for k in (0, 1))
    assert both.iloc[1].tolist() == alone.iloc[0].tolist()
    assert not math.isnan(alone["predicted_risk"].iloc[0])
