from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from ropewalk.models.ensemble.boosting import HistogramBoostingRegressor
from ropewalk.models.model_contract import ModelContract

NO_COPIES = "a leaf counts rows, not what they weigh"
EXPECTED_FAILURES = {"check_sample_weight_equivalence_on_dense_data": NO_COPIES}


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [HistogramBoostingRegressor(max_iter=5, learning_rate=0.3, min_samples_leaf=5, random_state=0)],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
)
def test_keeps_scikit_learns_conventions(
    estimator: HistogramBoostingRegressor, check: Callable[[HistogramBoostingRegressor], None]
) -> None:
    check(estimator)


class TestContract(ModelContract):
    def make_estimator(self) -> HistogramBoostingRegressor:
        return HistogramBoostingRegressor(max_iter=30, random_state=0)

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
        random = np.random.default_rng(0)
        X = pd.DataFrame(random.normal(size=(200, 4)), columns=list("abcd"))
        X.iloc[::7, 1] = np.nan
        return X, X["a"].to_numpy() * 10 + random.normal(size=200)

    @pytest.mark.xfail(raises=AssertionError, strict=True, reason=NO_COPIES)
    def test_a_row_of_weight_two_is_a_row_twice(self) -> None:
        super().test_a_row_of_weight_two_is_a_row_twice()


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
