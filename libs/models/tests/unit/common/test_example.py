from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import LogisticRegression

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
    with pytest.raises(
        BundleError, match=r"row 1 had predictions 2\.0 when saved, and has 2\.00001"
    ):
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
        ({"rows": []}, "has no rows"),
        ({"rows": None}, "has no rows"),
        ({"predictions": "1, 2"}, "has not the predictions of each row"),
        ({"predictions": [1.0]}, "has not the predictions of each row"),
        ({"predictions": [1.0, "2"]}, "has not the predictions of each row"),
        ({"predictions": [[1.0], [1.0, 2.0]]}, "has not the predictions of each row"),
        ({"predictions": [1.0, 2**80]}, "has not the predictions of each row"),
        ({"predictions": None}, "has not the predictions of each row"),
        ({"predictions": [1.0, None]}, "has not the predictions of each row"),
        ({"rows": [{"dep_hour": 6.0}] * 2}, "row 0 has no 'origin'"),
    ],
)
def test_refuses_what_is_no_record(changes: Mapping[str, object], told: str) -> None:
    with pytest.raises(BundleError, match=rf"^example\.json: .*{told}"):
        replay_example(Fixed([1.0, 2.0]), {**RECORDED, **changes}, SCHEMA)


@pytest.mark.parametrize("labels", [["late", "on time"], [0, 1], [False, True]])
def test_of_a_classifier_labels_and_probabilities_are_compared(labels: Sequence[object]) -> None:
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    model.classes_ = np.asarray(labels)
    schema = {"properties": {"wind": {"x-dtype": "float64"}}}
    frame = pd.DataFrame({"wind": [-5.0, 5.0]})

    recorded = record_example(Bare(model), frame, schema)

    assert recorded["predictions"] == labels
    assert np.asarray(recorded["probabilities"]).shape == (2, 2)
    json.dumps(recorded)
    replay_example(Bare(model), recorded, schema)
    for name, value in [("predictions", labels[::-1]), ("probabilities", [[0.5, 0.5]] * 2)]:
        with pytest.raises(BundleError, match=f"row 0 had {name} .* when saved, and has"):
            replay_example(Bare(model), {**recorded, name: value}, schema)
    with pytest.raises(BundleError, match="has not the probabilities of each row"):
        replay_example(Bare(model), {**recorded, "probabilities": None}, schema)


class Bare(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Hands a frame on as an array, so that a model fitted on one does not warn."""

    def __init__(self, model: LogisticRegression) -> None:
        self.model = model
        self.classes_ = model.classes_

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        return self

    def predict(self, X: pd.DataFrame) -> npt.NDArray[np.generic]:
        return np.asarray(self.model.predict(X.to_numpy()))

    def predict_proba(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        return np.asarray(self.model.predict_proba(X.to_numpy()))
