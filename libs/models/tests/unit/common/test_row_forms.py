from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor

from ropewalk.models import (
    TRUSTED_TYPES,
    HistogramBoostingRegressor,
    ModelInputError,
    ModelTypeError,
    NaiveRegressor,
    OlsrRegressor,
    RandomForestAllFeaturesRegressor,
    RandomForestNoFeaturesRegressor,
)
from ropewalk.models.common.row_forms import tree_row

ROWS = 200
RANDOM = np.random.default_rng(0)
NUMBERS = pd.DataFrame(RANDOM.normal(size=(ROWS, 3)).round(1), columns=["a", "b", "c"])
GAPS = NUMBERS.mask(RANDOM.random(NUMBERS.shape) < 0.1)
MIXED = pd.DataFrame(
    {
        "origin": pd.Series(RANDOM.choice(["JFK", "LGA", "", "missing"], ROWS), dtype="str"),
        "flight": pd.Categorical(RANDOM.choice([5, 7, 1000], ROWS)),
        "hour": RANDOM.integers(0, 24, ROWS),
        "late": RANDOM.random(ROWS) < 0.5,
    }
)
TARGET = RANDOM.normal(size=ROWS) + GAPS["a"].fillna(3).to_numpy() + MIXED["late"]

ON_NUMBERS: dict[str, BaseEstimator] = {
    "squares": HistogramBoostingRegressor(max_iter=20),
    "poisson": HistogramBoostingRegressor("poisson", max_iter=20),
    "gamma": HistogramBoostingRegressor("gamma", max_iter=20),
    "quantile": HistogramBoostingRegressor("quantile", quantile=0.2, max_iter=20),
    "forest": RandomForestAllFeaturesRegressor(20, min_samples_leaf=1, random_state=0),
}
ON_MIXED: dict[str, BaseEstimator] = {
    "forest": RandomForestNoFeaturesRegressor(20, min_samples_leaf=2, random_state=0),
    "by group": NaiveRegressor(group=["flight", "origin"]),
    "by one": NaiveRegressor("median", group="late"),
    "overall": NaiveRegressor(),
}
SMALL = st.floats(-4, 4) | st.integers(-4, 4) | st.sampled_from(sorted(NUMBERS["a"]))


@cache
def fitted(name: str, is_mixed: bool) -> BaseEstimator:
    if is_mixed:
        return ON_MIXED[name].fit(MIXED, TARGET)
    return ON_NUMBERS[name].fit(GAPS, np.abs(TARGET) + 0.1)


def check(model: BaseEstimator, values: Sequence[object], frame: pd.DataFrame) -> None:
    expected = model.predict(frame)[0]

    assert model.compile_row()(values) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(
    name=st.sampled_from(sorted(ON_NUMBERS)),
    values=st.lists(st.none() | SMALL | st.floats(-1e30, 1e30), min_size=3, max_size=3),
)
def test_trees_on_numbers(name: str, values: list[float | None]) -> None:
    frame = pd.DataFrame([values], columns=list("abc"), dtype="float64")

    check(fitted(name, False), values, frame)


@pytest.mark.parametrize("name", sorted(ON_NUMBERS))
def test_trees_on_the_rows_they_were_grown_on(name: str) -> None:
    # Many lie on a threshold, where a float64 and its float32 go different ways.
    model = fitted(name, False)

    alone = [model.compile_row()(row) for row in GAPS.to_numpy().tolist()]

    np.testing.assert_allclose(alone, model.predict(GAPS), rtol=1e-9, atol=1e-9)


@settings(deadline=None)
@given(intercept=st.booleans(), values=st.lists(SMALL, min_size=3, max_size=3))
def test_a_line(intercept: bool, values: list[float]) -> None:
    model = OlsrRegressor(fit_intercept=intercept).fit(NUMBERS, TARGET)

    check(model, values, pd.DataFrame([values], columns=list("abc"), dtype="float64"))


@settings(deadline=None)
@given(
    name=st.sampled_from(sorted(ON_MIXED)),
    origin=st.none() | st.sampled_from(["JFK", "LGA", "", "missing", "SFO"]) | st.text(),
    flight=st.none() | st.sampled_from([5, 5.0, 7, 1000, 8, 0.1, 1e20]),
    hour=st.none() | st.integers(-1, 25) | st.floats(-30, 30),
    late=st.booleans(),
)
def test_models_of_mixed_columns(
    name: str, origin: str | None, flight: float | None, hour: float | None, late: bool
) -> None:
    frame = pd.DataFrame(
        {
            "origin": pd.Series([origin], dtype="str"),
            # As a category: alone, a number would be refused in a column of texts.
            "flight": pd.Series([flight], dtype="category"),
            "hour": pd.Series([hour], dtype="float64"),
            "late": [late],
        }
    )

    check(fitted(name, True), [origin, flight, hour, late], frame)


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e300])
def test_a_forest_refuses_what_is_infinite_to_it(value: float) -> None:
    predict = fitted("forest", False).compile_row()

    with pytest.raises(ModelInputError, match="too large for float32"):
        predict([0.0, value, 1.0])


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_boosting_takes_what_is_infinite(value: float) -> None:
    values = [0.0, value, 1.0]

    check(fitted("squares", False), values, pd.DataFrame([values], columns=list("abc")))


@pytest.mark.parametrize("value", [None, np.nan, np.inf])
def test_a_line_refuses_what_is_missing_or_infinite(value: float | None) -> None:
    predict = OlsrRegressor().fit(NUMBERS, TARGET).compile_row()

    with pytest.raises(ModelInputError, match="missing or infinite"):
        predict([0.0, value, 1.0])


def test_a_forest_of_raw_columns_refuses_another_kind() -> None:
    predict = fitted("forest", True).compile_row()

    with pytest.raises(ModelInputError, match="'5' is text"):
        predict(["JFK", 5, "5", True])
    with pytest.raises(ModelTypeError, match="is a time"):
        predict([datetime(2013, 1, 1), 5, 5, True])


def test_a_naive_model_without_names_has_groups_only_by_position() -> None:
    rows = pd.DataFrame({0: ["JFK", "EWR"]})
    overall = NaiveRegressor().fit(rows, [1.0, 2.0]).compile_row()

    assert overall is not None
    assert overall([None]) == 1.5
    by_group = NaiveRegressor(group=[0])  # type: ignore[list-item]  # pandas names columns anything
    assert by_group.fit(rows, [1.0, 2.0]).compile_row() is None


@pytest.mark.parametrize("name", sorted(ON_NUMBERS))
def test_trees_from_a_file_answer_the_same(name: str) -> None:
    model = fitted(name, False)
    trusted = [*TRUSTED_TYPES, "numpy.dtype"]

    back = skops.io.loads(skops.io.dumps(model), trusted=trusted)

    for row in GAPS.head(20).to_numpy().tolist():
        assert back.compile_row()(row) == model.compile_row()(row)


@pytest.mark.parametrize("name", ["squares", "forest"])
def test_trees_refuse_another_number_of_features(name: str) -> None:
    predict = fitted(name, False).compile_row()

    for values in ([1.0, 2.0], [1.0, 2.0, 3.0, 4.0]):
        with pytest.raises(ModelInputError, match=f"{len(values)} features"):
            predict(values)


@pytest.mark.parametrize("value", [np.empty((0, 0)), np.zeros((1, 1), dtype=np.float32)])
def test_boosting_that_starts_nowhere_has_no_form(value: npt.NDArray[np.floating]) -> None:
    model = HistogramBoostingRegressor(max_iter=2).fit(NUMBERS, TARGET)

    model._baseline_prediction = value

    assert model.compile_row() is None


def test_trees_that_are_not_as_they_were_fitted_have_no_form() -> None:
    boosting = HistogramBoostingRegressor(max_iter=2).fit(NUMBERS, TARGET)
    boosting._predictors[0] = []
    forest = RandomForestAllFeaturesRegressor(2).fit(NUMBERS, TARGET)
    forest.forest_.n_estimators = 1_000_000
    two = RandomForestRegressor(2).fit(NUMBERS, np.column_stack([TARGET, TARGET]))
    categories = HistGradientBoostingRegressor(max_iter=2, categorical_features=[0])
    categories.fit(MIXED[["hour", "late"]], TARGET)

    assert boosting.compile_row() is None
    assert forest.compile_row() is None
    assert tree_row(two) is None
    assert tree_row(categories) is None
