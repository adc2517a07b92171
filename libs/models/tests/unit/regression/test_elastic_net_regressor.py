from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import ElasticNet
from sklearn.utils.estimator_checks import parametrize_with_checks

from ropewalk.models.errors import ModelError
from ropewalk.models.model_contract import ModelContract
from ropewalk.models.regression import ElasticNetRegressor

Floats = npt.NDArray[np.float64]


@parametrize_with_checks([ElasticNetRegressor()])  # type: ignore[untyped-decorator]
def test_keeps_scikit_learns_conventions(
    estimator: ElasticNetRegressor, check: Callable[[ElasticNetRegressor], None]
) -> None:
    check(estimator)


class TestContract(ModelContract):
    def make_estimator(self) -> ElasticNetRegressor:
        return ElasticNetRegressor(tol=1e-12)

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        X, y, _ = _rows(0)
        return pd.DataFrame(X, columns=list("abcd")), y


def _rows(seed: int) -> tuple[Floats, Floats, Floats]:
    random = np.random.default_rng(seed)
    X = random.normal(size=(80, 4)) * [1.0, 1e3, 1e-2, 1.0] + [5.0, 3e4, 0.5, 0.0]
    y = X @ [2.0, 1e-3, 30.0, 0.0] + random.normal(size=80)
    return X, y, random.uniform(0.2, 3.0, size=80)


@given(st.integers(0, 10_000), st.floats(0.01, 1.0), st.floats(0.05, 1.0))
@settings(max_examples=50, deadline=None)
def test_no_coefficient_can_be_bettered(seed: int, alpha: float, l1_ratio: float) -> None:
    X, y, weight = _rows(seed)

    model = ElasticNetRegressor(alpha, l1_ratio=l1_ratio, tol=1e-12).fit(X, y, weight)

    center = np.average(X, axis=0, weights=weight)
    scale = np.sqrt(np.average((X - center) ** 2, axis=0, weights=weight))
    unit = np.sqrt(np.average((y - np.average(y, weights=weight)) ** 2, weights=weight))
    coef = model.coef_ * scale / unit
    errors = (y - model.predict(X)) / unit
    pull = np.average((X - center) / scale * errors[:, None], axis=0, weights=weight)
    pull = pull - alpha * (1 - l1_ratio) * coef
    used = coef != 0
    np.testing.assert_allclose(pull[used], alpha * l1_ratio * np.sign(coef[used]), atol=1e-6)
    assert (np.abs(pull[~used]) <= alpha * l1_ratio + 1e-6).all()


def test_is_scikit_learns_elastic_net_on_standard_columns() -> None:
    X, y, _ = _rows(0)
    rows, target = (X - X.mean(axis=0)) / X.std(axis=0), (y - y.mean()) / y.std()
    theirs = ElasticNet(0.05, l1_ratio=0.7, tol=1e-6).fit(rows, target)

    ours = ElasticNetRegressor(0.05, l1_ratio=0.7).fit(X, y)

    np.testing.assert_allclose(
        (ours.predict(X) - y.mean()) / y.std(), theirs.predict(rows), atol=1e-9
    )
    assert ours.n_iter_ == theirs.n_iter_


def test_leaves_out_what_correlates_too_little() -> None:
    X, y, _ = _rows(0)
    correlation = abs(np.corrcoef(X[:, 1], y)[0, 1])

    out = ElasticNetRegressor(correlation * 2.1, l1_ratio=0.5).fit(X[:, [1]], y)
    within = ElasticNetRegressor(correlation * 1.9, l1_ratio=0.5).fit(X[:, [1]], y)

    assert out.coef_.tolist() == [0.0]
    assert within.coef_[0] > 0


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
@settings(max_examples=25, deadline=None)
def test_means_the_same_in_all_units(feature: float, target: float) -> None:
    X, y, _ = _rows(0)
    expected = ElasticNetRegressor(tol=1e-12).fit(X, y).predict(X) * target

    model = ElasticNetRegressor(tol=1e-12).fit(X * feature, y * target)

    np.testing.assert_allclose(model.predict(X * feature), expected, rtol=1e-8)


@pytest.mark.parametrize(("alpha", "l1_ratio"), [(0.0, 0.5), (np.nan, 0.5), (1.0, 0.0), (1.0, 1.1)])
def test_refuses_penalties_that_leave_nothing_out(alpha: float, l1_ratio: float) -> None:
    X, y, _ = _rows(0)

    with pytest.raises(ModelError, match=f"alpha is {alpha} and l1_ratio {l1_ratio}: give both"):
        ElasticNetRegressor(alpha, l1_ratio=l1_ratio).fit(X, y)
