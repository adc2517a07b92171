from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from ropewalk.models.ensemble.random_forests import (
    RandomForestAllFeaturesClassifier,
    RandomForestAllFeaturesRegressor,
)
from ropewalk.models.errors import ModelError
from ropewalk.models.model_contract import ModelContract

NO_COPIES = "a bootstrap draws rows, whatever they weigh"
EXPECTED_FAILURES = {"check_sample_weight_equivalence_on_dense_data": NO_COPIES}


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [
        RandomForestAllFeaturesRegressor(9, min_samples_leaf=1, n_jobs=1, random_state=0),
        RandomForestAllFeaturesClassifier(9, min_samples_leaf=1, n_jobs=1, random_state=0),
    ],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
)
def test_keeps_scikit_learns_conventions(
    estimator: RandomForestAllFeaturesRegressor,
    check: Callable[[RandomForestAllFeaturesRegressor], None],
) -> None:
    check(estimator)


class TestContract(ModelContract):
    def make_estimator(self) -> RandomForestAllFeaturesRegressor:
        return RandomForestAllFeaturesRegressor(20, random_state=0)

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        random = np.random.default_rng(0)
        X = pd.DataFrame(random.normal(size=(200, 4)), columns=list("abcd"))
        X.iloc[::7, 1] = np.nan
        return X, X["a"].to_numpy() * 10 + random.normal(size=200)

    @pytest.mark.xfail(raises=AssertionError, strict=True, reason=NO_COPIES)
    def test_a_row_of_weight_two_is_a_row_twice(self) -> None:
        super().test_a_row_of_weight_two_is_a_row_twice()


class TestContractOfLabels(TestContract):
    def make_estimator(self) -> RandomForestAllFeaturesClassifier:
        return RandomForestAllFeaturesClassifier(20, random_state=0)

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        X, y = super().make_data()
        return X, np.select([y < -5, y < 5], ["early", "on time"], "late")


def _rows() -> tuple[pd.DataFrame, pd.Series]:
    random = np.random.default_rng(0)
    X = pd.DataFrame(random.normal(size=(300, 4)), columns=list("abcd"))
    X.iloc[::7, 1] = np.nan
    return X, X["a"] * 10 + random.normal(size=300)


def test_is_scikit_learns_forest_with_other_defaults() -> None:
    X, y = _rows()
    theirs = RandomForestRegressor(
        min_samples_leaf=15, max_features=0.33, max_samples=0.5, random_state=0
    )

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


@pytest.mark.parametrize("share", [0.0, 1.5, -0.5])
def test_refuses_what_is_no_share_of_rows(share: float) -> None:
    X, y = _rows()

    with pytest.raises(ModelError, match=f"max_samples is {share}"):
        RandomForestAllFeaturesRegressor(max_samples=share).fit(X, y)


@pytest.mark.parametrize("rows", [1.0, None, 300])
def test_takes_rows_of_a_tree_as_share_or_number(rows: float | None) -> None:
    X, y = _rows()
    all_rows = RandomForestAllFeaturesRegressor(5, max_samples=1.0, random_state=0).fit(X, y)

    model = RandomForestAllFeaturesRegressor(5, max_samples=rows, random_state=0).fit(X, y)

    np.testing.assert_array_equal(model.predict(X), all_rows.predict(X))


def test_only_the_proportions_of_weights_matter() -> None:
    X, y = _rows()
    weight = np.linspace(0.5, 2.0, len(X))
    model = RandomForestAllFeaturesRegressor(10, random_state=0)

    once, scaled = (
        model.fit(X, y, sample_weight=weight * scale).predict(X) for scale in (1.0, 64.0)
    )

    np.testing.assert_allclose(once, scaled)


def test_is_scikit_learns_forest_of_labels_too() -> None:
    X, y = _rows()
    late = np.where(y > 0, "late", "early")
    theirs = RandomForestClassifier(
        min_samples_leaf=15, max_features=0.33, max_samples=0.5, random_state=0
    )

    ours = RandomForestAllFeaturesClassifier(random_state=0).fit(X, late)

    theirs = theirs.fit(X.to_numpy(), late)
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X.to_numpy()))
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X.to_numpy()))


@pytest.mark.parametrize(("missing", "says"), [(None, "y contains NaN"), (0.5, "continuous")])
def test_refuses_what_is_no_label(missing: float | None, says: str) -> None:
    X, _ = _rows()

    with pytest.raises(ValueError, match=says):
        RandomForestAllFeaturesClassifier().fit(X, [missing, *[1] * (len(X) - 1)])
