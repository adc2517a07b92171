from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor

from ropewalk.models.common.rows import fit_rows, predict_rows

FRAME = pd.DataFrame({"origin": ["JFK", None], "hour": [5, 6]})


def test_a_frame_keeps_its_dtypes_and_is_noted_by_name() -> None:
    model = DummyRegressor()

    frame, target = fit_rows(model, FRAME, [1, 2])

    pd.testing.assert_frame_equal(frame, FRAME)
    assert target.dtype == np.float64
    assert list(model.feature_names_in_) == ["origin", "hour"]


def test_an_array_becomes_a_frame_of_numbers() -> None:
    frame, _ = fit_rows(DummyRegressor(), np.array([[1, np.nan]], dtype=object), [1])

    assert frame.columns.equals(pd.RangeIndex(2))
    assert (frame.dtypes == np.float64).all()


@pytest.mark.parametrize(
    ("rows", "target", "says"),
    [
        (FRAME, [1], "inconsistent numbers of samples"),
        (FRAME, [1, np.nan], "y contains NaN"),
        (FRAME, ["a", "b"], "not compatible with arrays of bytes"),
        (FRAME, None, "requires y to be passed"),
        (FRAME[:0], [], "minimum of 1 is required"),
        (FRAME[[]], [1, 2], "0 feature"),
        ([1, 2], [1, 2], "Expected 2D array"),
    ],
)
def test_refuses_to_fit(rows: pd.DataFrame, target: list[float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        fit_rows(DummyRegressor(), rows, target)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (FRAME[["hour", "origin"]], "must be in the same order"),
        (FRAME[["hour"]], "missing"),
        (FRAME.assign(more=1), "unseen at fit time"),
        (FRAME[:0], "minimum of 1 is required"),
    ],
)
def test_refuses_to_predict_other_columns(rows: pd.DataFrame, says: str) -> None:
    model = DummyRegressor()
    fit_rows(model, FRAME, [1, 2])

    with pytest.raises(ValueError, match=says):
        predict_rows(model, rows)
