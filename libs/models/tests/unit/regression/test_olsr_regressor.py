from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import statsmodels.api as sm  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.utils.estimator_checks import parametrize_with_checks

from ropewalk.models.errors import ModelError
from ropewalk.models.model_contract import ModelContract
from ropewalk.models.regression import OlsrRegressor

Floats = npt.NDArray[np.float64]


def close(ours: npt.ArrayLike, theirs: npt.ArrayLike) -> None:
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-8, atol=1e-12)


@parametrize_with_checks([OlsrRegressor(), OlsrRegressor(fit_intercept=False)])  # type: ignore[untyped-decorator]
def test_keeps_scikit_learns_conventions(
    estimator: OlsrRegressor, check: Callable[[OlsrRegressor], None]
) -> None:
    check(estimator)


class TestContract(ModelContract):
    def make_estimator(self) -> OlsrRegressor:
        return OlsrRegressor()

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
        random = np.random.default_rng(0)
        X = pd.DataFrame(random.normal(size=(200, 4)), columns=list("abcd"))
        return X, X["a"].to_numpy() * 10 + random.normal(size=200)


def _rows(seed: int = 0, n_rows: int = 60) -> tuple[Floats, Floats, Floats]:
    random = np.random.default_rng(seed)
    # Scales as far apart as those of real columns: minutes, feet, shares.
    X = random.normal(size=(n_rows, 4)) * [1.0, 1e3, 1e-2, 10.0] + [5.0, 3e4, 0.5, 0.0]
    y = X @ [2.0, 1e-3, 30.0, 0.0] + 7 + random.normal(size=n_rows)
    return X, y, random.uniform(0.2, 3.0, size=n_rows)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_equals_statsmodels(fit_intercept: bool, weighted: bool) -> None:
    X, y, weight = _rows()
    design = sm.add_constant(X) if fit_intercept else X
    theirs = (sm.WLS(y, design, weights=weight) if weighted else sm.OLS(y, design)).fit()

    ours = OlsrRegressor(fit_intercept).fit(X, y, weight if weighted else None)

    terms = [ours.intercept_, *ours.coef_] if fit_intercept else ours.coef_
    close(terms, theirs.params)
    close(ours.standard_errors_, theirs.bse)
    close(ours.t_values_, theirs.tvalues)
    close(ours.p_values_, theirs.pvalues)
    close(ours.r2_, theirs.rsquared)
    close(ours.adjusted_r2_, theirs.rsquared_adj)
    close(ours.sigma_**2, theirs.scale)
    assert ours.degrees_of_freedom_ == theirs.df_resid
    new = X[:5] * 1.5
    frame = theirs.get_prediction(
        sm.add_constant(new, has_constant="add") if fit_intercept else new
    ).summary_frame(alpha=0.2)
    close(ours.predict(new), frame["mean"])
    kinds: list[tuple[Literal["prediction", "confidence"], str]] = [
        ("prediction", "obs"),
        ("confidence", "mean"),
    ]
    for kind, prefix in kinds:
        low, high = ours.predict_interval(new, level=0.8, kind=kind)
        close(low, frame[f"{prefix}_ci_lower"])
        close(high, frame[f"{prefix}_ci_upper"])


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_errors_are_orthogonal_to_the_features(seed: int) -> None:
    X, y, _ = _rows(seed)

    errors = y - OlsrRegressor().fit(X, y).predict(X)

    standard = (X - X.mean(axis=0)) / X.std(axis=0)
    np.testing.assert_allclose(standard.T @ errors, 0, atol=1e-8)
    assert errors.sum() == pytest.approx(0, abs=1e-8)


def test_dependent_and_constant_columns_change_no_prediction() -> None:
    X, y, _ = _rows()
    more = np.column_stack([X, X[:, 0] * 3 - X[:, 1], np.full(len(X), 1e6 + 0.1)])

    plain, dependent = OlsrRegressor().fit(X, y), OlsrRegressor().fit(more, y)

    close(dependent.predict(more), plain.predict(X))
    assert dependent.rank_ == plain.rank_ == 5
    assert dependent.sigma_ == pytest.approx(plain.sigma_)
    assert plain.condition_number_ < 30
    assert dependent.condition_number_ == np.inf
    close(dependent.predict_interval(more), plain.predict_interval(X))


def test_a_coefficient_that_rows_cannot_tell_apart_has_no_error() -> None:
    X, y, _ = _rows()
    twice = np.column_stack([X, X[:, 0] * 2])

    plain, dependent = OlsrRegressor().fit(X, y), OlsrRegressor().fit(twice, y)

    told = [2, 3, 4]
    close(dependent.standard_errors_[told], plain.standard_errors_[told])
    assert np.isnan(dependent.standard_errors_[[1, 5]]).all()
    assert np.isnan(dependent.p_values_[[1, 5]]).all()


def test_weights_of_zero_and_one_are_rows_left_out_and_in() -> None:
    X, y, _ = _rows()
    inside = np.arange(len(X)) % 3 > 0

    left_out = OlsrRegressor().fit(X, y, sample_weight=inside)

    alone = OlsrRegressor().fit(X[inside], y[inside])
    close(left_out.coef_, alone.coef_)
    close(left_out.standard_errors_, alone.standard_errors_)


def test_no_more_rows_than_coefficients_fit_without_errors() -> None:
    X, y, _ = _rows(n_rows=4)

    model = OlsrRegressor().fit(X, y)

    close(model.predict(X), y)
    assert model.degrees_of_freedom_ == 0
    assert np.isnan(model.p_values_).all()
    assert np.isnan(model.predict_interval(X)).all()


def test_a_constant_target_has_no_r2() -> None:
    X, _, _ = _rows()

    model = OlsrRegressor().fit(X, np.full(len(X), 0.1))

    assert np.isnan(model.r2_)
    close(model.predict(X), 0.1)


@pytest.mark.parametrize(("level", "kind"), [(0.0, "prediction"), (90, "prediction"), (0.9, "x")])
def test_refuses_what_is_no_interval(level: float, kind: Literal["prediction"]) -> None:
    X, y, _ = _rows()

    with pytest.raises(ModelError, match=r"level is|kind is"):
        OlsrRegressor().fit(X, y).predict_interval(X, level=level, kind=kind)


@pytest.mark.parametrize("weight", [0.0, -1.0])
def test_refuses_weights_that_weigh_nothing(weight: float) -> None:
    X, y, _ = _rows()

    with pytest.raises(ModelError, match="sample_weight"):
        OlsrRegressor().fit(X, y, sample_weight=np.full(len(X), weight))
