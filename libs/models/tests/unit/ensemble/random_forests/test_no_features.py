from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from ropewalk.models.ensemble.random_forests import (
    RandomForestAllFeaturesRegressor,
    RandomForestNoFeaturesClassifier,
    RandomForestNoFeaturesRegressor,
)
from ropewalk.models.errors import ModelError
from ropewalk.models.model_contract import ModelContract

NO_COPIES = "a bootstrap draws rows, whatever they weigh"
EXPECTED_FAILURES = {"check_sample_weight_equivalence_on_dense_data": NO_COPIES}


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [
        RandomForestNoFeaturesRegressor(5, min_samples_leaf=1, n_jobs=1, random_state=0),
        RandomForestNoFeaturesClassifier(9, min_samples_leaf=1, n_jobs=1, random_state=0),
    ],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
)
def test_keeps_scikit_learns_conventions(
    estimator: RandomForestNoFeaturesRegressor,
    check: Callable[[RandomForestNoFeaturesRegressor], None],
) -> None:
    check(estimator)


class TestContract(ModelContract):
    def make_estimator(self) -> RandomForestNoFeaturesRegressor:
        return RandomForestNoFeaturesRegressor(20, random_state=0)

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        frame, y = _rows()
        return frame, y.to_numpy(dtype=np.float64)

    @pytest.mark.xfail(raises=AssertionError, strict=True, reason=NO_COPIES)
    def test_a_row_of_weight_two_is_a_row_twice(self) -> None:
        super().test_a_row_of_weight_two_is_a_row_twice()


class TestContractOfLabels(TestContract):
    def make_estimator(self) -> RandomForestNoFeaturesClassifier:
        return RandomForestNoFeaturesClassifier(20, random_state=0)

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        frame, y = super().make_data()
        return frame, y > 15


def _model() -> RandomForestNoFeaturesRegressor:
    return RandomForestNoFeaturesRegressor(10, min_samples_leaf=5, random_state=0)


def _rows() -> tuple[pd.DataFrame, pd.Series]:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "origin": pd.Series(random.choice(["JFK", "EWR", "LGA", ""], 400)).replace("", None),
            "size": pd.Categorical(
                random.choice(["small", "large"], 400), ["small", "middle", "large"], ordered=True
            ),
            "model": pd.Series(random.choice(["A", "B"], 400), dtype="category"),
            "late": random.random(400) < 0.5,
            "hour": pd.Series(random.integers(5, 23, 400), dtype="Int64"),
            "delay": np.where(random.random(400) < 0.2, np.nan, random.normal(size=400)),
            "empty": pd.Series([None] * 400, dtype="object"),
        }
    )
    return frame, (frame["origin"] == "EWR") * 30.0 + frame["late"] * 10.0


def test_takes_a_raw_frame_and_learns_from_text_and_booleans() -> None:
    frame, y = _rows()

    model = RandomForestNoFeaturesRegressor(
        20, min_samples_leaf=1, max_features=None, random_state=0
    )
    model.fit(frame, y)

    np.testing.assert_allclose(model.predict(frame), y, atol=1)
    assert set(np.argsort(model.feature_importances_)[-2:]) == {0, 3}


def test_numbers_levels_in_order() -> None:
    frame, y = _rows()

    model = _model().fit(frame, y)

    by_name = dict(zip(frame.columns, model.levels_, strict=True))
    assert by_name == {
        "origin": ["EWR", "JFK", "LGA"],
        "size": ["small", "large"],  # In the category's order, without the level never seen.
        "model": ["A", "B"],
        "late": None,
        "hour": None,
        "delay": None,
        "empty": [],
    }


def test_equals_a_forest_over_the_same_numbers() -> None:
    frame, y = _rows()
    numbers = pd.DataFrame(
        {
            "origin": frame["origin"].map({"EWR": 0.0, "JFK": 1.0, "LGA": 2.0}),
            "size": frame["size"].astype(str).map({"small": 0.0, "large": 1.0}),
            "model": frame["model"].astype(str).map({"A": 0.0, "B": 1.0}),
            "late": frame["late"] * 1.0,
            "hour": frame["hour"].astype(float),
            "delay": frame["delay"],
            "empty": np.nan,
        }
    )

    theirs = RandomForestAllFeaturesRegressor(10, min_samples_leaf=5, random_state=0)

    np.testing.assert_array_equal(
        _model().fit(frame, y).predict(frame), theirs.fit(numbers, y).predict(numbers)
    )


@pytest.mark.parametrize("origin", ["XXX", None, np.nan, 7])
def test_a_value_not_seen_is_as_good_as_missing(origin: str | float | None) -> None:
    frame, y = _rows()
    model = _model().fit(frame, y)
    missing = frame.assign(origin=pd.Series([None] * len(frame), dtype="str"))

    predicted = model.predict(frame.assign(origin=origin))

    np.testing.assert_array_equal(predicted, model.predict(missing))


@pytest.mark.parametrize("dtype", ["object", "category", "string"])
def test_text_is_the_same_in_whatever_dtype(dtype: str) -> None:
    frame, y = _rows()
    model = _model().fit(frame, y)
    other = frame.astype({"origin": dtype})

    np.testing.assert_array_equal(model.predict(other), model.predict(frame))
    np.testing.assert_array_equal(_model().fit(other, y).predict(frame), model.predict(frame))


def test_numbers_all_missing_at_prediction_are_missing_in_whatever_dtype() -> None:
    frame, y = _rows()
    model = _model().fit(frame, y)
    expected = model.predict(frame.assign(delay=np.nan))

    for dtype in ("object", "str", "category", "Float64"):
        nothing = pd.Series([None] * len(frame), dtype=dtype)
        np.testing.assert_array_equal(model.predict(frame.assign(delay=nothing)), expected)


@pytest.mark.parametrize(
    "values",
    [
        pd.date_range("2013-03-01", periods=400),
        pd.date_range("2013-03-01", periods=400, tz="UTC").astype(object),
        pd.timedelta_range("1h", periods=400),
        pd.period_range("2013-03-01", periods=400),
        [None] * 399 + [[1]],
        np.full(400, 1j),
    ],
)
@pytest.mark.parametrize("when", ["fit", "predict"])
def test_refuses_times_and_things_in_one_line(values: list[str], when: str) -> None:
    frame, y = _rows()
    wrong = frame.assign(origin=values)
    model = _model().fit(frame, y)

    with pytest.raises(TypeError, match=r"column 'origin' is .*make features of it") as caught:
        model.fit(wrong, y) if when == "fit" else model.predict(wrong)

    assert isinstance(caught.value, ModelError)
    assert "\n" not in str(caught.value)


def test_refuses_text_where_it_learnt_numbers() -> None:
    frame, y = _rows()
    model = _model().fit(frame, y)

    with pytest.raises(ModelError, match=r"column .delay. is .* was numbers when"):
        model.predict(frame.assign(delay="late"))


def test_an_array_is_numbers() -> None:
    frame, y = _rows()
    array = frame[["delay"]].to_numpy()

    np.testing.assert_array_equal(
        _model().fit(array, y).predict(array),
        _model().fit(frame[["delay"]], y).forest_.predict(array),
    )
