from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from sklearn import linear_model
from sklearn.metrics import mean_pinball_loss
from sklearn.utils.estimator_checks import parametrize_with_checks

from ropewalk.models.errors import ModelError
from ropewalk.models.model_contract import ModelContract
from ropewalk.models.regression import QuantileRegressor, quantile_regressor

Floats = npt.NDArray[np.float64]

EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": "with more columns than rows, many lines are"
    " as good: which of them is taken hangs on how the rows are given",
}


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [QuantileRegressor()],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
)
def test_keeps_scikit_learns_conventions(
    estimator: QuantileRegressor, check: Callable[[QuantileRegressor], None]
) -> None:
    check(estimator)


class TestContract(ModelContract):
    def make_estimator(self) -> QuantileRegressor:
        return QuantileRegressor(0.77)

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        X, y, _ = _rows(0)
        return pd.DataFrame(X, columns=list("abc")), y


def _rows(seed: int) -> tuple[Floats, Floats, Floats]:
    random = np.random.default_rng(seed)
    X = random.normal(size=(83, 3)) * [1.0, 1e3, 1e-2] + [5.0, 3e4, 0.5]
    y = X @ [2.0, 1e-3, 30.0] + random.gamma(1.0, 20.0, size=83)
    return X, y, random.uniform(0.2, 3.0, size=83)


@given(st.integers(0, 10_000), st.floats(0.02, 0.98))
@settings(max_examples=50, deadline=None)
def test_its_share_of_the_rows_is_below_the_line_and_goes_through_some(
    seed: int, quantile: float
) -> None:
    X, y, weight = _rows(seed)

    errors = y - QuantileRegressor(quantile).fit(X, y, weight).predict(X)

    on = np.abs(errors) < 1e-6
    below = weight[(errors < 0) & ~on].sum() / weight.sum()
    assert below <= quantile + 1e-9
    assert quantile - 1e-9 <= below + weight[on].sum() / weight.sum()
    assert np.count_nonzero(on) >= 4  # As many as there are coefficients.


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_equals_scikit_learns(quantile: float) -> None:
    X, y, weight = _rows(1)
    rows = (X - X.mean(axis=0)) / X.std(axis=0)
    theirs = linear_model.QuantileRegressor(quantile=quantile, alpha=0).fit(rows, y, weight)

    ours = QuantileRegressor(quantile).fit(X, y, weight)

    np.testing.assert_allclose(ours.predict(X), theirs.predict(rows), rtol=1e-6)


def test_columns_that_depend_on_each_other_cost_nothing() -> None:
    X, y, _ = _rows(2)
    more = np.column_stack([X, X[:, 0] - X[:, 1], np.full(len(X), 0.1)])

    plain, dependent = (QuantileRegressor(0.3).fit(rows, y).predict(rows) for rows in (X, more))

    losses = [mean_pinball_loss(y, predicted, alpha=0.3) for predicted in (plain, dependent)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-9)


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
@settings(max_examples=25, deadline=None)
def test_means_the_same_in_all_units(feature: float, target: float) -> None:
    X, y, _ = _rows(3)
    expected = QuantileRegressor(0.77).fit(X, y).predict(X) * target

    model = QuantileRegressor(0.77).fit(X * feature, y * target)

    np.testing.assert_allclose(model.predict(X * feature), expected, rtol=1e-6)


@pytest.mark.parametrize("quantile", [0.0, 1.0, 90, np.nan])
def test_refuses_what_is_no_share(quantile: float) -> None:
    X, y, _ = _rows(0)

    with pytest.raises(ModelError, match=f"quantile is {quantile}: give a share"):
        QuantileRegressor(quantile).fit(X, y)


def test_says_so_if_the_solver_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y, _ = _rows(0)
    # The solver itself, told to give up at once.
    at_once = partial(linprog, options={"maxiter": 0})
    monkeypatch.setattr(quantile_regressor, "linprog", at_once)

    with pytest.raises(ModelError, match=r"no coefficients were found \(.*\): leave out") as caught:
        QuantileRegressor().fit(X, y)

    assert "\n" not in str(caught.value)
