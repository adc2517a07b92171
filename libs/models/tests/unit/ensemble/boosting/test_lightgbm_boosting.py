from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from ropewalk.models.ensemble.boosting.lightgbm_boosting import (
    LightgbmClassifier,
    LightgbmRegressor,
)
from ropewalk.models.errors import ModelInputError
from ropewalk.models.model_contract import ModelContract

NO_COPIES = "a leaf counts rows, not what they weigh"
EXPECTED_FAILURES = {"check_sample_weight_equivalence_on_dense_data": NO_COPIES}
SMALL: dict[str, Any] = dict(max_iter=5, learning_rate=0.3, min_samples_leaf=5, random_state=0)


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [LightgbmRegressor(**SMALL), LightgbmClassifier(**SMALL)],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
)
def test_keeps_scikit_learns_conventions(
    estimator: LightgbmRegressor, check: Callable[[LightgbmRegressor], None]
) -> None:
    check(estimator)


class TestContract(ModelContract):
    def make_estimator(self) -> LightgbmRegressor:
        return LightgbmRegressor(max_iter=30, random_state=0)

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        random = np.random.default_rng(0)
        X = pd.DataFrame(random.normal(size=(200, 4)), columns=list("abcd"))
        X.iloc[::7, 1] = np.nan
        return X, X["a"].to_numpy() * 10 + random.normal(size=200)

    @pytest.mark.xfail(raises=AssertionError, strict=True, reason=NO_COPIES)
    def test_a_row_of_weight_two_is_a_row_twice(self) -> None:
        super().test_a_row_of_weight_two_is_a_row_twice()


class TestContractOfStoppingAndCategories(TestContract):
    def make_estimator(self) -> LightgbmRegressor:
        return LightgbmRegressor(
            max_iter=60,
            early_stopping=True,
            categorical_features=["origin"],
            monotonic_cst={"a": 1},
            random_state=0,
        )

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        X, y = super().make_data()
        return X.assign(origin=pd.Series(["EWR", "JFK", None, "LGA", "JFK"] * 40)), y


class TestContractOfTwoLabels(TestContract):
    def make_estimator(self) -> LightgbmClassifier:
        return LightgbmClassifier(max_iter=30, random_state=0)

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        X, y = super().make_data()
        return X, np.where(y < 0, "early", "late")


class TestContractOfLabels(TestContract):
    def make_estimator(self) -> LightgbmClassifier:
        return LightgbmClassifier(max_iter=30, random_state=0)

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        X, y = super().make_data()
        return X, np.select([y < -5, y < 5], [1, 2], 3)


def _rows() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    random = np.random.default_rng(0)
    X = random.normal(size=(3000, 5))
    X[::7, 1] = np.nan
    return X, X[:, 0] * 10 + random.normal(size=3000)


def test_is_lightgbms_own_model() -> None:
    X, y = _rows()
    theirs = lightgbm.LGBMRegressor(
        n_estimators=40,
        learning_rate=0.05,
        min_child_samples=20,
        deterministic=True,
        force_row_wise=True,
        n_jobs=1,
        verbosity=-1,
    ).fit(X, y)

    ours = LightgbmRegressor(max_iter=40, random_state=0).fit(X, y)

    np.testing.assert_array_equal(ours.predict(X), theirs.booster_.predict(X))


def test_its_text_tells_nothing_of_the_machine() -> None:
    X, y = _rows()

    one, two = (
        LightgbmRegressor(max_iter=20, max_features=0.5, n_jobs=jobs, random_state=0).fit(X, y)
        for jobs in (1, -1)
    )

    assert one.model_ == two.model_
    assert one.model_.startswith("tree\n")
    assert "num_threads" not in one.model_


@pytest.mark.parametrize("text", ["not a model", "", "tree\nversion=v4\n"])
def test_what_is_no_model_is_refused(text: str) -> None:
    model = LightgbmRegressor(max_iter=2).fit(*_rows())
    del model._loaded
    model.model_ = text

    with pytest.raises(lightgbm.basic.LightGBMError):
        model.predict(_rows()[0])


def test_says_that_it_can_not_constrain_a_loss() -> None:
    with pytest.raises(ModelInputError, match="no monotonic_cst for the loss quantile"):
        LightgbmRegressor("quantile", quantile=0.9, monotonic_cst=[1, 0, 0, 0, 0]).fit(*_rows())
