from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.utils.estimator_checks import parametrize_with_checks

from ropewalk.models.errors import ModelError
from ropewalk.models.model_contract import ModelContract
from ropewalk.models.regression import OlsrRegressor, RidgeRegressor

Floats = npt.NDArray[np.float64]


@parametrize_with_checks([RidgeRegressor()])  # type: ignore[untyped-decorator]
def test_keeps_scikit_learns_conventions(
    estimator: RidgeRegressor, check: Callable[[RidgeRegressor], None]
) -> None:
    check(estimator)


class TestContract(ModelContract):
    def make_estimator(self) -> RidgeRegressor:
        return RidgeRegressor()

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        X, y, _ = _rows()
        return pd.DataFrame(X, columns=list("abc")), y


def _rows() -> tuple[Floats, Floats, Floats]:
    random = np.random.default_rng(0)
    X = random.normal(size=(80, 3)) * [1.0, 1e3, 1e-2] + [5.0, 3e4, 0.5]
    return X, X @ [2.0, 1e-3, 30.0] + random.normal(size=80), random.uniform(0.2, 3.0, size=80)


@pytest.mark.parametrize("alpha", [0.01, 1.0])
def test_solves_the_equations_of_its_docstring(alpha: float) -> None:
    X, y, weight = _rows()
    center = np.average(X, axis=0, weights=weight)
    scale = np.sqrt(np.average((X - center) ** 2, axis=0, weights=weight))
    rows = (X - center) / scale
    target = y - np.average(y, weights=weight)
    share = weight / weight.sum()
    expected = np.linalg.solve(
        (rows.T * share) @ rows + alpha * np.eye(3), rows.T @ (share * target)
    )

    model = RidgeRegressor(alpha).fit(X, y, weight)

    np.testing.assert_allclose(model.coef_, expected / scale, rtol=1e-9)
    assert np.average(model.predict(X) - y, weights=weight) == pytest.approx(0, abs=1e-9)


def test_is_scikit_learns_ridge_on_standard_columns() -> None:
    X, y, _ = _rows()
    rows = (X - X.mean(axis=0)) / X.std(axis=0)

    predicted = RidgeRegressor(0.1).fit(X, y).predict(X)

    np.testing.assert_allclose(predicted, Ridge(0.1 * len(X)).fit(rows, y).predict(rows), rtol=1e-9)


def test_without_a_penalty_is_least_squares() -> None:
    X, y, weight = _rows()

    ridge, least_squares = RidgeRegressor(0.0), OlsrRegressor()

    np.testing.assert_allclose(
        ridge.fit(X, y, weight).predict(X), least_squares.fit(X, y, weight).predict(X), rtol=1e-8
    )


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_means_the_same_in_all_units_and_for_any_number_of_rows(
    feature: float, target: float, times: int
) -> None:
    X, y, _ = _rows()
    expected = RidgeRegressor().fit(X, y).predict(X) * target

    model = RidgeRegressor().fit(np.tile(X * feature, (times, 1)), np.tile(y * target, times))

    np.testing.assert_allclose(model.predict(X * feature), expected, rtol=1e-8)


def test_shares_a_coefficient_between_columns_that_are_the_same() -> None:
    X, y, _ = _rows()
    twice = np.column_stack([X, X[:, 0], np.ones(len(X))])

    model = RidgeRegressor().fit(twice, y)

    assert model.coef_[3] == pytest.approx(model.coef_[0])
    assert model.coef_[4] == 0.0


@pytest.mark.parametrize("alpha", [-1.0, np.nan])
def test_refuses_a_penalty_that_is_none(alpha: float) -> None:
    X, y, _ = _rows()

    with pytest.raises(ModelError, match=f"alpha is {alpha}: give zero or more"):
        RidgeRegressor(alpha).fit(X, y)
