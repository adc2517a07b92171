from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from ropewalk.models.ensemble.random_forests import RandomForestAllFeaturesRegressor
from ropewalk.models.errors import ModelError

EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": "a bootstrap draws rows, whatever they weigh",
}


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [RandomForestAllFeaturesRegressor(5, min_samples_leaf=1, n_jobs=1, random_state=0)],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
)
def test_keeps_scikit_learns_conventions(
    estimator: RandomForestAllFeaturesRegressor,
    check: Callable[[RandomForestAllFeaturesRegressor], None],
) -> None:
    check(estimator)


def _rows() -> tuple[pd.DataFrame, pd.Series]:
    random = np.random.default_rng(0)
    X = pd.DataFrame(random.normal(size=(300, 4)), columns=list("abcd"))
    X.iloc[::7, 1] = np.nan
    return X, X["a"] * 10 + random.normal(size=300)


def test_is_scikit_learns_forest_with_other_defaults() -> None:
    X, y = _rows()
    theirs = RandomForestRegressor(min_samples_leaf=15, max_features=0.33, random_state=0)

    ours = RandomForestAllFeaturesRegressor(random_state=0).fit(X, y)

    theirs = theirs.fit(X.to_numpy(), y)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X.to_numpy()))
    np.testing.assert_array_equal(ours.feature_importances_, theirs.feature_importances_)
    assert ours.feature_importances_.argmax() == 0


def test_is_the_same_however_many_workers() -> None:
    X, y = _rows()

    one, more = (
        RandomForestAllFeaturesRegressor(20, n_jobs=jobs, random_state=0).fit(X, y).predict(X)
        for jobs in (1, -1)
    )

    np.testing.assert_array_equal(one, more)


def test_takes_nullable_and_boolean_columns() -> None:
    X, y = _rows()
    nullable = X.astype("Float64").assign(e=X["a"] > 0)

    model = RandomForestAllFeaturesRegressor(20, random_state=0)

    plain = X.assign(e=(X["a"] > 0) * 1.0)
    np.testing.assert_array_equal(
        model.fit(nullable, y).predict(nullable), model.fit(plain, y).predict(plain)
    )


@pytest.mark.parametrize("values", [["JFK"], pd.to_datetime(["2013-03-01"]), [pd.Timedelta("1h")]])
def test_refuses_what_is_no_number_in_one_line(values: list[str]) -> None:
    X, y = _rows()

    with pytest.raises(TypeError, match="column 'origin' is") as caught:
        RandomForestAllFeaturesRegressor().fit(X.assign(origin=list(values) * 300), y)

    assert isinstance(caught.value, ModelError)
    assert "\n" not in str(caught.value)
