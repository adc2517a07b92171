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
from scipy import stats
from sklearn.utils.estimator_checks import parametrize_with_checks

from ropewalk.models.errors import ModelError
from ropewalk.models.model_contract import ModelContract
from ropewalk.models.regression import OlsrRegressor

Floats = npt.NDArray[np.float64]
Covariance = Literal["classic", "HC0", "HC1", "HC2", "HC3", "clustered"]


def close(ours: npt.ArrayLike, theirs: npt.ArrayLike) -> None:
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-8, atol=1e-12)


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [OlsrRegressor(), OlsrRegressor(fit_intercept=False), OlsrRegressor(covariance="HC3")]
)
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


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("covariance", ["HC0", "HC1", "HC2", "HC3", "clustered"])
def test_robust_errors_equal_statsmodels(
    fit_intercept: bool, weighted: bool, covariance: Covariance
) -> None:
    X, y, weight = _rows()
    design = sm.add_constant(X) if fit_intercept else X
    groups = np.random.default_rng(1).integers(0, 9, size=len(X))
    clustered = covariance == "clustered"
    theirs = (sm.WLS(y, design, weights=weight) if weighted else sm.OLS(y, design)).fit(
        cov_type="cluster" if clustered else covariance,
        cov_kwds={"groups": groups} if clustered else None,
        use_t=True,
    )

    ours = OlsrRegressor(fit_intercept, covariance)
    ours.fit(X, y, weight if weighted else None, groups if clustered else None)

    close(ours.standard_errors_, theirs.bse)
    close(ours.t_values_, theirs.tvalues)
    close(ours.p_values_, theirs.pvalues)
    close(ours.summary(level=0.8)[["low", "high"]], theirs.conf_int(alpha=0.2))
    new = X[:5] * 1.5
    prediction = theirs.get_prediction(
        sm.add_constant(new, has_constant="add") if fit_intercept else new
    )
    # Theirs takes the rows' degrees of freedom for an expected value even if it is clustered.
    degrees = 8 if clustered else theirs.df_resid
    assert ours.t_degrees_of_freedom_ == degrees
    reach = stats.t.ppf(0.9, degrees)
    low, high = ours.predict_interval(new, level=0.8, kind="confidence")
    close((high - low) / 2, reach * prediction.se_mean)
    low, high = ours.predict_interval(new, level=0.8)
    close((high - low) / 2, reach * prediction.se_obs)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_collinearity_equals_statsmodels(fit_intercept: bool, weighted: bool) -> None:
    X, y, weight = _rows()
    weight = weight if weighted else np.ones(len(X))
    model = OlsrRegressor(fit_intercept).fit(X, y, weight)

    factors = []
    for column in range(X.shape[1]):
        others = np.delete(X, column, axis=1)
        others = sm.add_constant(others) if fit_intercept else others
        factors.append(1 / (1 - sm.WLS(X[:, column], others, weights=weight).fit().rsquared))
    close(model.vif_, factors)
    centered = (X - np.average(X, axis=0, weights=weight) * fit_intercept) * np.sqrt(weight)[
        :, None
    ]
    unit = centered / np.linalg.norm(centered, axis=0)
    close(model.condition_number_, sm.OLS(y, unit).fit().condition_number)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_a_cluster_for_each_row_is_hc1_whatever_the_units(seed: int) -> None:
    X, y, weight = _rows(seed)

    hc1 = OlsrRegressor(covariance="HC1").fit(X, y, weight)
    clustered = OlsrRegressor(covariance="clustered").fit(X * 60, y * 60, weight, np.arange(len(X)))

    close(clustered.standard_errors_[1:], hc1.standard_errors_[1:])
    close(clustered.standard_errors_[0], hc1.standard_errors_[0] * 60)


@pytest.mark.parametrize("covariance", ["HC2", "HC3"])
def test_what_a_single_row_decides_has_no_error(covariance: Covariance) -> None:
    X, y, _ = _rows()
    alone = np.column_stack([X, np.arange(len(X)) == 7])

    model = OlsrRegressor(covariance=covariance).fit(alone, y)

    # As if the row and its column were not there, but for that column's coefficient.
    kept = np.arange(len(X)) != 7
    without = OlsrRegressor(covariance=covariance).fit(X[kept], y[kept])
    close(model.standard_errors_[:-1], without.standard_errors_)
    assert np.isnan(model.standard_errors_[-1])
    low, _ = model.predict_interval(alone)
    assert np.flatnonzero(np.isnan(low)).tolist() == [7]


def test_summary_names_each_term() -> None:
    X, y, _ = _rows()
    frame = pd.DataFrame(X, columns=list("abcd"))

    with_intercept = OlsrRegressor().fit(frame, y).summary()
    without = OlsrRegressor(fit_intercept=False).fit(X, y).summary()

    assert with_intercept.index.tolist() == ["intercept", "a", "b", "c", "d"]
    assert without.index.tolist() == [0, 1, 2, 3]
    assert with_intercept["vif"].isna().tolist() == [True, False, False, False, False]
    assert without.notna().all(axis=None)


def test_rows_of_weight_zero_need_no_group() -> None:
    X, y, _ = _rows()
    inside = np.arange(len(X)) % 3 > 0
    groups = np.where(inside, np.arange(len(X)) % 7, np.nan)

    left_out = OlsrRegressor(covariance="clustered").fit(X, y, inside, groups)

    alone = OlsrRegressor(covariance="clustered").fit(X[inside], y[inside], groups=groups[inside])
    close(left_out.standard_errors_, alone.standard_errors_)


@pytest.mark.parametrize(
    ("covariance", "groups", "says"),
    [
        ("HC4", None, "covariance is 'HC4': choose one of classic"),
        ("clustered", None, r"groups are missing: give fit\(..., groups=...\)"),
        ("HC1", ["a"] * 60, "groups are given"),
        ("clustered", ["a"] * 59, r"shape \(59,\): give one to each of the 60 rows"),
        ("clustered", ["a"] * 60, "all rows are in one"),
        ("clustered", ["a", "b", None] * 20, "one is missing"),
    ],
)
def test_refuses_what_makes_no_covariance(
    covariance: Covariance, groups: list[str] | None, says: str
) -> None:
    X, y, _ = _rows()

    with pytest.raises(ModelError, match=says) as caught:
        OlsrRegressor(covariance=covariance).fit(X, y, groups=groups)

    assert "\n" not in str(caught.value)


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
    close(dependent.vif_[1:4], plain.vif_[1:])
    assert (dependent.vif_[[0, 4]] == np.inf).all()


def test_weights_of_zero_and_one_are_rows_left_out_and_in() -> None:
    X, y, _ = _rows()
    inside = np.arange(len(X)) % 3 > 0

    left_out = OlsrRegressor().fit(X, y, sample_weight=inside)

    alone = OlsrRegressor().fit(X[inside], y[inside])
    close(left_out.coef_, alone.coef_)
    close(left_out.standard_errors_, alone.standard_errors_)


@pytest.mark.parametrize("n_rows", [4, 5])
def test_no_more_rows_than_coefficients_fit_without_errors(n_rows: int) -> None:
    X, y, _ = _rows(n_rows=n_rows)

    model = OlsrRegressor().fit(X, y)

    close(model.predict(X), y)
    assert model.degrees_of_freedom_ == 0
    assert np.isnan(model.p_values_).all()
    assert np.isnan(model.predict_interval(X)).all()
    assert np.isnan(OlsrRegressor(covariance="HC3").fit(X, y).standard_errors_).all()


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


def test_refuses_a_summary_at_no_level() -> None:
    X, y, _ = _rows()

    with pytest.raises(ModelError, match="level is 95"):
        OlsrRegressor().fit(X, y).summary(level=95)


@pytest.mark.parametrize("weight", [0.0, -1.0])
def test_refuses_weights_that_weigh_nothing(weight: float) -> None:
    X, y, _ = _rows()

    with pytest.raises(ModelError, match="sample_weight"):
        OlsrRegressor().fit(X, y, sample_weight=np.full(len(X), weight))
