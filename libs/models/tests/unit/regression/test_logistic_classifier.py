from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import statsmodels.api as sm  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from ropewalk.models.errors import ModelError
from ropewalk.models.model_contract import ModelContract
from ropewalk.models.regression import LogisticClassifier

Floats = npt.NDArray[np.float64]


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [
        LogisticClassifier(),
        LogisticClassifier(solver="lbfgs"),
    ]
)
def test_keeps_scikit_learns_conventions(
    estimator: LogisticClassifier, check: Callable[[LogisticClassifier], None]
) -> None:
    check(estimator)


class TestContractOfTwo(ModelContract):
    def make_estimator(self) -> LogisticClassifier:
        return LogisticClassifier()

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        X, y, _ = _rows(2)
        return pd.DataFrame(X, columns=list("abc")), np.array(["early", "late"])[y]


class TestContractOfThree(ModelContract):
    def make_estimator(self) -> LogisticClassifier:
        return LogisticClassifier()

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        X, y, _ = _rows(3)
        return pd.DataFrame(X, columns=list("abc")), y


def _rows(n_labels: int, seed: int = 0) -> tuple[Floats, npt.NDArray[np.intp], Floats]:
    random = np.random.default_rng(seed)
    X = random.normal(size=(150, 3)) * [1.0, 1e3, 1e-2] + [5.0, 3e4, 0.5]
    score = X[:, 0] - 5 + (X[:, 1] - 3e4) / 2e3 + random.logistic(size=150)
    y = np.digitize(score, np.linspace(-1, 1, n_labels + 1)[1:-1])
    return X, y, random.uniform(0.2, 3.0, size=150)


def test_of_two_labels_equals_statsmodels() -> None:
    X, y, weight = _rows(2)
    rows = (X - X.mean(axis=0)) / X.std(axis=0)
    design = sm.add_constant(rows)
    theirs = sm.GLM(y, design, family=sm.families.Binomial(), freq_weights=weight).fit(tol=1e-12)

    ours = LogisticClassifier(0.0, tol=1e-10).fit(rows, y, weight)

    np.testing.assert_allclose(np.append(ours.intercept_, ours.coef_[0]), theirs.params, rtol=1e-7)
    np.testing.assert_allclose(ours.predict_proba(rows)[:, 1], theirs.predict(design), rtol=1e-7)


def test_of_three_labels_equals_statsmodels() -> None:
    X, y, _ = _rows(3)
    design = sm.add_constant((X - X.mean(axis=0)) / X.std(axis=0))
    theirs = sm.MNLogit(y, design).fit(disp=False, method="newton", tol=1e-12)

    ours = LogisticClassifier(0.0, tol=1e-10).fit(X, y)

    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict(design), rtol=1e-6)


@pytest.mark.parametrize("n_labels", [2, 3])
@pytest.mark.parametrize("solver", ["newton-cholesky", "lbfgs"])
def test_is_scikit_learns_on_standard_columns(n_labels: int, solver: Any) -> None:
    X, y, _ = _rows(n_labels)
    rows = (X - X.mean(axis=0)) / X.std(axis=0)
    theirs = LogisticRegression(C=1 / (0.1 * len(X)), tol=1e-9, max_iter=1_000).fit(rows, y)

    ours = LogisticClassifier(0.1, solver=solver, tol=1e-9).fit(X, y)

    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(rows), rtol=1e-4)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(rows))
    assert 0 < ours.n_iter_ < 100


@given(st.integers(0, 10_000), st.integers(2, 4), st.floats(1e-4, 1.0))
@settings(max_examples=25, deadline=None)
def test_probabilities_are_right_on_average(seed: int, n_labels: int, alpha: float) -> None:
    X, y, weight = _rows(n_labels, seed)

    probabilities = LogisticClassifier(alpha).fit(X, y, weight).predict_proba(X)

    np.testing.assert_allclose(
        weight @ probabilities, np.bincount(y, weight, minlength=n_labels), rtol=1e-4
    )


@given(st.floats(1e-3, 1e3), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_means_the_same_in_all_units_and_for_any_number_of_rows(unit: float, times: int) -> None:
    X, y, _ = _rows(2)
    expected = LogisticClassifier(0.1).fit(X, y).predict_proba(X)

    model = LogisticClassifier(0.1).fit(np.tile(X * unit, (times, 1)), np.tile(y, times))

    np.testing.assert_allclose(model.predict_proba(X * unit), expected, rtol=1e-6)


@pytest.mark.parametrize("alpha", [-1.0, np.nan])
def test_refuses_a_penalty_that_is_none(alpha: float) -> None:
    X, y, _ = _rows(2)

    with pytest.raises(ModelError, match=f"alpha is {alpha}: give zero or more"):
        LogisticClassifier(alpha).fit(X, y)


def test_refuses_rows_of_one_label() -> None:
    X, y, _ = _rows(2)

    with pytest.raises(ValueError, match="one class"):
        LogisticClassifier().fit(X, y, sample_weight=y)
