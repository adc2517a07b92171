from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from ropewalk.models.ensemble.boosting import (
    HistogramBoostingClassifier,
    HistogramBoostingRegressor,
)
from ropewalk.models.errors import ModelError
from ropewalk.models.model_contract import ModelContract

NO_COPIES = "a leaf counts rows, not what they weigh"
EXPECTED_FAILURES = {"check_sample_weight_equivalence_on_dense_data": NO_COPIES}


SMALL: dict[str, Any] = {
    "max_iter": 5,
    "learning_rate": 0.3,
    "min_samples_leaf": 5,
    "random_state": 0,
}


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [
        HistogramBoostingRegressor(**SMALL),
        HistogramBoostingRegressor(**SMALL, early_stopping=True),
        HistogramBoostingClassifier(**SMALL),
    ],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
)
def test_keeps_scikit_learns_conventions(
    estimator: HistogramBoostingRegressor, check: Callable[[HistogramBoostingRegressor], None]
) -> None:
    check(estimator)


class TestContract(ModelContract):
    def make_estimator(self) -> HistogramBoostingRegressor:
        return HistogramBoostingRegressor(max_iter=30, random_state=0)

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        random = np.random.default_rng(0)
        X = pd.DataFrame(random.normal(size=(200, 4)), columns=list("abcd"))
        X.iloc[::7, 1] = np.nan
        return X, X["a"].to_numpy() * 10 + random.normal(size=200)

    @pytest.mark.xfail(raises=AssertionError, strict=True, reason=NO_COPIES)
    def test_a_row_of_weight_two_is_a_row_twice(self) -> None:
        super().test_a_row_of_weight_two_is_a_row_twice()


class TestContractOfStopping(TestContract):
    def make_estimator(self) -> HistogramBoostingRegressor:
        return HistogramBoostingRegressor(max_iter=60, early_stopping=True, random_state=0)


class TestContractOfCategories(TestContract):
    def make_estimator(self) -> HistogramBoostingRegressor:
        return HistogramBoostingRegressor(
            max_iter=30, categorical_features=["origin"], monotonic_cst={"a": 1}, random_state=0
        )

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        X, y = super().make_data()
        return X.assign(origin=pd.Series(["EWR", "JFK", None, "LGA", "JFK"] * 40)), y

    def test_its_form_for_single_rows_gives_the_same(self) -> None:
        assert self._fitted().compile_row() is None


class TestContractOfLabels(TestContract):
    def make_estimator(self) -> HistogramBoostingClassifier:
        return HistogramBoostingClassifier(max_iter=30, random_state=0)

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        X, y = super().make_data()
        return X, np.select([y < -5, y < 5], ["early", "on time"], "late")


def test_is_scikit_learns_estimator_with_other_defaults() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(300, 3))
    y = X[:, 0] + random.normal(size=300)
    theirs = HistGradientBoostingRegressor(
        max_iter=300, learning_rate=0.05, early_stopping=False, random_state=0
    )

    ours = HistogramBoostingRegressor(random_state=0).fit(X, y)

    np.testing.assert_array_equal(ours.predict(X), theirs.fit(X, y).predict(X))
    assert ours.n_iter_ == 300


def test_refuses_text() -> None:
    with pytest.raises(ValueError, match="could not convert string to float"):
        HistogramBoostingRegressor().fit([["JFK"]] * 40, [0.0] * 40)


def test_is_scikit_learns_classifier_with_other_defaults() -> None:
    X, y = _drifting()
    late = np.where(y > 0, "late", "early")
    theirs = HistGradientBoostingClassifier(
        max_iter=300, learning_rate=0.05, early_stopping=False, random_state=0
    )

    ours = HistogramBoostingClassifier(random_state=0).fit(X, late)

    np.testing.assert_array_equal(ours.predict_proba(X), theirs.fit(X, late).predict_proba(X))


def _drifting() -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
    """Rows in the order of time, whose rule changes in the last fifth."""
    random = np.random.default_rng(0)
    X = pd.DataFrame(random.normal(size=(500, 3)), columns=list("abc"))
    y = np.where(np.arange(500) < 400, X["a"], -X["a"]) * 10 + random.normal(size=500)
    return X, y


def test_stops_by_the_latest_rows_and_learns_from_none_of_them() -> None:
    X, y = _drifting()
    weight = np.linspace(0, 1, 500)
    theirs = HistGradientBoostingRegressor(max_iter=300, learning_rate=0.05, random_state=0)
    theirs.set_params(early_stopping=True).fit(
        X[:400],
        y[:400],
        sample_weight=weight[:400],
        X_val=X[400:],
        y_val=y[400:],
        sample_weight_val=weight[400:],
    )

    ours = HistogramBoostingRegressor(
        early_stopping=True, validation_fraction=0.2, random_state=0
    ).fit(X, y, sample_weight=weight)

    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    # What the earlier rows taught is wrong of the later: at random, it would have gone on.
    assert ours.n_iter_ < 20
    theirs = HistGradientBoostingRegressor(
        max_iter=300, learning_rate=0.05, early_stopping=True, random_state=0
    )
    assert theirs.fit(X, y).n_iter_ > 30


@pytest.mark.parametrize("unit", ["hours", "numbers"])
def test_a_time_says_which_rows_are_the_latest(unit: str) -> None:
    X, y = _drifting()
    hours = pd.date_range("2013-01-01", periods=500, freq="h", tz="UTC")
    time = pd.Series(hours if unit == "hours" else range(500))
    mixed = np.random.default_rng(1).permutation(500)
    model = HistogramBoostingRegressor(max_iter=40, early_stopping=True, random_state=0)

    shuffled = model.fit(X.iloc[mixed], y[mixed], time=time.iloc[mixed]).n_iter_

    assert shuffled == model.fit(X, y).n_iter_
    assert model.fit(X.iloc[mixed], y[mixed]).n_iter_ > shuffled


def test_takes_lists_as_well() -> None:
    X, y = _drifting()
    model = HistogramBoostingRegressor(max_iter=40, early_stopping=True, random_state=0)

    lists = model.fit(X.to_numpy().tolist(), y.tolist(), [1.0] * 500).predict(X.to_numpy())

    np.testing.assert_array_equal(lists, model.fit(X.to_numpy(), y).predict(X.to_numpy()))


def test_refuses_a_label_that_comes_only_later() -> None:
    X, _ = _drifting()
    labels = ["early", "late"] * 240 + ["cancelled"] * 20
    model = HistogramBoostingClassifier(max_iter=5, early_stopping=True)

    with pytest.raises(ModelError, match="label 'cancelled' is only among the later rows"):
        model.fit(X, labels)

    assert HistogramBoostingClassifier(max_iter=5).fit(X, labels).classes_[0] == "cancelled"


@pytest.mark.parametrize("estimator", [HistogramBoostingRegressor, HistogramBoostingClassifier])
def test_only_rises_where_it_may_only_rise(
    estimator: type[HistogramBoostingRegressor | HistogramBoostingClassifier],
) -> None:
    X, y = _drifting()
    given = (y > 0) * 1 if estimator is HistogramBoostingClassifier else np.sin(X["a"] * 3)
    grid = pd.DataFrame({"a": np.linspace(-2, 2, 50), "b": 0.0, "c": 0.0})

    steps = []
    for constraint in (None, {"a": 1}):
        model = estimator(max_iter=30, monotonic_cst=constraint, random_state=0).fit(X, given)
        told = (
            model.predict_proba(grid)[:, 1] if hasattr(model, "classes_") else model.predict(grid)
        )
        steps.append(np.diff(told).min())

    assert steps[0] < 0 <= steps[1]


def test_categories_have_no_order() -> None:
    random = np.random.default_rng(0)
    origin = pd.Categorical(random.choice(list("abcdefgh"), 800))
    X = pd.DataFrame({"origin": origin, "noise": random.normal(size=800)})
    y = np.isin(origin, ["b", "e", "g"]) * 10.0

    model = HistogramBoostingRegressor(
        max_iter=1, learning_rate=1.0, max_leaf_nodes=2, categorical_features="from_dtype"
    ).fit(X, y)

    # One split parts them, which takes four by their order.
    np.testing.assert_allclose(model.predict(X), y, atol=1e-6)
