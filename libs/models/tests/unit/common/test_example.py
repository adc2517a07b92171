from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from ropewalk.models.common.example import record_example, replay_example
from ropewalk.models.errors import BundleError

SCHEMA: Mapping[str, object] = {
    "properties": {"dep_hour": {"x-dtype": "float64"}, "origin": {"x-dtype": "string"}}
}
ROWS = pd.DataFrame({"origin": ["JFK", "EWR"], "dep_hour": [6.0, 7.0], "id": [1, 2]})


class Fixed(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Gives what it is told to give, or raises it."""

    def __init__(self, gives: object) -> None:
        self.gives = gives

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        return self

    def predict(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        assert list(X.columns) == ["dep_hour", "origin"]
        if isinstance(self.gives, Exception):
            raise self.gives
        return np.asarray(self.gives)


RECORDED = record_example(Fixed([1.0, 2.0]), ROWS, SCHEMA)


def test_holds_the_input_columns_in_order_and_what_was_predicted() -> None:
    assert RECORDED == {
        "rows": [{"dep_hour": 6.0, "origin": "JFK"}, {"dep_hour": 7.0, "origin": "EWR"}],
        "predictions": [1.0, 2.0],
    }


def test_the_rows_come_back_when_the_model_predicts_the_same() -> None:
    frame = replay_example(Fixed([1.0, 2.0 * (1 + 1e-12)]), RECORDED, SCHEMA)

    pd.testing.assert_frame_equal(frame, ROWS[["dep_hour", "origin"]])


def test_refuses_a_model_that_predicts_something_else() -> None:
    with pytest.raises(BundleError, match=r"row 1 was predicted 2\.0 when saved, and is 2\.00001"):
        replay_example(Fixed([1.0, 2.00001]), RECORDED, SCHEMA)


@pytest.mark.parametrize(
    ("gives", "told"),
    [
        ([1.0, float("nan")], r"2 example rows are not finite or have shape \(2,\)"),
        ([1.0, float("inf")], "not finite"),
        ([1.0], r"shape \(1,\)"),
        ([[1.0], [2.0]], r"shape \(2, 1\)"),
        (["a", "b"], "does not predict the example .ValueError: could not convert"),
        (KeyError("first\nsecond"), "does not predict the example .KeyError: "),
    ],
)
def test_refuses_a_model_that_gives_no_number_for_each_row(gives: object, told: str) -> None:
    with pytest.raises(BundleError, match=rf"^pipeline\.skops: .*{told}") as caught:
        record_example(Fixed(gives), ROWS, SCHEMA)
    with pytest.raises(BundleError, match=rf"^pipeline\.skops: .*{told}"):
        replay_example(Fixed(gives), RECORDED, SCHEMA)

    assert "\n" not in str(caught.value)


def test_refuses_rows_that_lack_a_column() -> None:
    with pytest.raises(BundleError, match="column 'dep_hour' is missing; did you mean 'dep_huor'"):
        record_example(Fixed([1.0]), ROWS.rename(columns={"dep_hour": "dep_huor"}), SCHEMA)


def test_refuses_to_record_no_rows() -> None:
    with pytest.raises(BundleError, match=r"example\.json: has no rows"):
        record_example(Fixed([]), ROWS[:0], SCHEMA)


def test_refuses_a_schema_without_types() -> None:
    with pytest.raises(BundleError, match=r"input_schema\.json: the schema has no properties"):
        record_example(Fixed([1.0]), ROWS, {})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"rows": []}, "no rows and predictions"),
        ({"rows": None}, "no rows and predictions"),
        ({"predictions": "1, 2"}, "no rows and predictions"),
        ({"predictions": [1.0]}, "not one number for each row"),
        ({"predictions": [1.0, "2"]}, "not one number for each row"),
        ({"predictions": [1.0, None]}, "not one number for each row"),
        ({"rows": [{"dep_hour": 6.0}] * 2}, "row 0 has no 'origin'"),
    ],
)
def test_refuses_what_is_no_record(changes: Mapping[str, object], told: str) -> None:
    with pytest.raises(BundleError, match=rf"^example\.json: .*{told}"):
        replay_example(Fixed([1.0, 2.0]), {**RECORDED, **changes}, SCHEMA)
