from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from ropewalk.models.common import (
    ConformalClassifier,
    ConformalIntervals,
    ConformalRegressor,
    TimeFolds,
    out_of_fold,
)
from ropewalk.models.errors import ModelError
from ropewalk.models.model_contract import ModelContract


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [
        ConformalRegressor(Ridge()),
        ConformalRegressor(Ridge(), cv=3),
        ConformalClassifier(LogisticRegression()),
        ConformalClassifier(LogisticRegression(), cv=3),
    ]
)
def test_keeps_scikit_learns_conventions(
    estimator: ConformalRegressor, check: Callable[[ConformalRegressor], None]
) -> None:
    check(estimator)


TWICE = pytest.mark.xfail(
    raises=AssertionError,
    strict=True,
    reason="the latest share of rows calibrates: rows given twice move where it begins",
)


class TestContractOfTheSplitRegressor(ModelContract):
    def make_estimator(self) -> BaseEstimator:
        return ConformalRegressor(Ridge())

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        return ROWS[["a", "b"]], ROWS["y"].to_numpy()

    @TWICE
    def test_a_row_of_weight_two_is_a_row_twice(self) -> None:
        super().test_a_row_of_weight_two_is_a_row_twice()


class TestContractOfTheCrossRegressor(TestContractOfTheSplitRegressor):
    def make_estimator(self) -> BaseEstimator:
        return ConformalRegressor(Ridge(), cv=TimeFolds(3))

    def test_a_row_of_weight_two_is_a_row_twice(self) -> None:
        ModelContract.test_a_row_of_weight_two_is_a_row_twice(self)


class TestContractOfTheSplitClassifier(ModelContract):
    def make_estimator(self) -> BaseEstimator:
        return ConformalClassifier(LogisticRegression())

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        return ROWS[["a", "b"]], np.where(ROWS["y"] > 0, "late", "in time")

    @TWICE
    def test_a_row_of_weight_two_is_a_row_twice(self) -> None:
        super().test_a_row_of_weight_two_is_a_row_twice()


class TestContractOfTheCrossClassifier(TestContractOfTheSplitClassifier):
    def make_estimator(self) -> BaseEstimator:
        return ConformalClassifier(LogisticRegression(), cv=TimeFolds(3))

    def test_a_row_of_weight_two_is_a_row_twice(self) -> None:
        ModelContract.test_a_row_of_weight_two_is_a_row_twice(self)


def _rows() -> pd.DataFrame:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 600))
    noise = random.normal(size=600) * np.tile([0.5, 0.5, 3.0], 200)
    frame = pd.DataFrame({"a": a, "b": b, "origin": ["EWR", "LGA", "JFK"] * 200})
    frame["y"] = a - b + noise
    frame["sched"] = pd.Timestamp("2013-01-01") + pd.to_timedelta(np.arange(600), unit="h")
    return frame


ROWS = _rows()
RAW = make_pipeline(make_column_transformer(("passthrough", ["a", "b"])), LinearRegression())


def test_the_latest_share_calibrates_and_the_model_learns_from_the_rest() -> None:
    """In whatever order the rows come."""
    shuffled = ROWS.sample(frac=1, random_state=1)

    model = ConformalRegressor(RAW, cv=0.25, time="sched").fit(shuffled, shuffled["y"])

    early, late = ROWS[:450], ROWS[450:]
    alone = LinearRegression().fit(early[["a", "b"]].to_numpy(), early["y"])
    np.testing.assert_allclose(model.predict(ROWS), alone.predict(ROWS[["a", "b"]].to_numpy()))
    errors = np.abs(late["y"] - alone.predict(late[["a", "b"]].to_numpy()))
    np.testing.assert_allclose(model.calibration_.scores_, np.sort(errors))


def test_rows_of_one_moment_stay_on_one_side() -> None:
    days = ROWS.assign(sched=ROWS["sched"].dt.floor("D"))

    model = ConformalRegressor(RAW, cv=0.2, time="sched").fit(days, days["y"])

    # The last fifth begins at the 480th row, which is the first of the 21st day of 24 rows.
    assert len(model.calibration_.scores_) == 120
    model = ConformalRegressor(RAW, cv=0.21, time="sched").fit(days, days["y"])
    assert len(model.calibration_.scores_) == 144


def test_cross_conformal_calibrates_on_earlier_models_and_keeps_one_of_all_rows() -> None:
    folds = TimeFolds(3, gap="6h")
    shuffled = ROWS.sample(frac=1, random_state=1)

    model = ConformalRegressor(RAW, cv=folds, time="sched").fit(shuffled, shuffled["y"])

    rows, predicted = out_of_fold(RAW, ROWS, ROWS["y"], folds, groups=ROWS["sched"])
    assert rows.tolist() == list(range(150, 600))
    errors = np.abs(ROWS["y"].to_numpy()[rows] - predicted)
    np.testing.assert_allclose(model.calibration_.scores_, np.sort(errors))
    alone = LinearRegression().fit(ROWS[["a", "b"]].to_numpy(), ROWS["y"])
    np.testing.assert_allclose(model.predict(ROWS), alone.predict(ROWS[["a", "b"]].to_numpy()))


@pytest.mark.parametrize("cv", [0.4, KFold(4), TimeFolds(4)])
def test_intervals_hold_later_rows_as_often_as_asked_in_each_group(cv: Any) -> None:
    random = np.random.default_rng(2)
    later = pd.DataFrame({"origin": ["EWR", "LGA", "JFK"] * 4000})
    later[["a", "b"]] = random.normal(size=(12_000, 2))
    y = later["a"] - later["b"] + random.normal(size=12_000) * np.tile([0.5, 0.5, 3.0], 4000)

    model = ConformalRegressor(RAW, cv=cv, group="origin", min_rows=50).fit(ROWS, ROWS["y"])
    low, high = model.predict_interval(later, level=0.8)

    held = ((y >= low) & (y <= high)).groupby(later["origin"]).mean()
    assert held.to_numpy() == pytest.approx(0.8, abs=0.08)  # Of 80 rows a group: 1.8 deviations.
    widths = pd.Series(high - low).groupby(later["origin"]).mean()
    assert widths["JFK"] > 4 * widths["EWR"]


def test_sets_hold_the_class_as_often_as_asked() -> None:
    random = np.random.default_rng(3)
    X = random.normal(size=(6000, 2))
    y = np.array(["early", "in time", "late"])[
        np.digitize(X[:, 0] + random.normal(size=6000), [-1, 1])
    ]

    model = ConformalClassifier(LogisticRegression(), cv=0.5).fit(X[:3000], y[:3000])
    sets = model.predict_set(X[3000:], level=0.9)

    held = sets[np.arange(3000), np.searchsorted(model.classes_, y[3000:])].mean()
    assert held == pytest.approx(0.9, abs=0.03)
    assert 1 < sets.sum(axis=1).mean() < 2


def test_a_class_that_the_earlier_rows_lack_has_no_probability_and_no_row_less() -> None:
    X = np.arange(40.0)[:, np.newaxis]
    y = np.array(["a", "b"] * 16 + ["c", "d"] * 4)

    model = ConformalClassifier(LogisticRegression(), cv=0.2).fit(X, y)

    assert model.classes_.tolist() == ["a", "b", "c", "d"]
    assert model.predict_proba(X)[:, 2:].sum() == 0
    # All rows that calibrate are of classes unseen: whatever class may come.
    assert model.predict_set(X[:1], level=0.5).tolist() == [[True, True, True, True]]


def test_rows_without_weight_do_not_calibrate() -> None:
    weight = np.ones(600)
    weight[-60:] = 0

    model = ConformalRegressor(Ridge(), cv=0.2).fit(ROWS[["a", "b"]], ROWS["y"], weight)

    assert len(model.calibration_.scores_) == 60


def test_out_of_fold_hands_on_weights_and_probabilities_of_all_classes() -> None:
    X = np.arange(12.0)[:, np.newaxis]
    y = np.array(["a", "b"] * 3 + ["c", "a"] * 3)
    weight = np.where(np.arange(12) == 0, 1e9, 1.0)

    rows, given = out_of_fold(
        LogisticRegression(), X, y, TimeFolds(2), sample_weight=weight, method="predict_proba"
    )

    assert rows.tolist() == list(range(4, 12))
    assert given.shape == (8, 3)
    assert (given[:4, 2] == 0).all()  # The first fold has not seen it.
    assert (given[4:, 2] > 0).all()
    assert (given[:, 0] > 0.99).all()  # So says the weight.


@pytest.mark.parametrize(
    ("model", "X", "says"),
    [
        (ConformalRegressor(Ridge(), cv=1.5), ROWS[["a"]], "cv is 1.5"),
        (ConformalRegressor(Ridge(), cv=0.9), ROWS[["a"]][:1], "n_samples=1: none are earlier"),
        (ConformalRegressor(Ridge(), time="shed"), ROWS, "did you mean 'sched'"),
        (ConformalRegressor(Ridge(), time="sched"), ROWS[["a"]].to_numpy(), "rows are ndarray"),
        (ConformalRegressor(RAW, group="orign"), ROWS, "did you mean 'origin'"),
        (ConformalRegressor(RAW, cv=TimeFolds(700)), ROWS, "600 moments can't be parted"),
    ],
)
def test_refuses_in_one_line(model: ConformalRegressor, X: Any, says: str) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        model.fit(X, np.arange(float(len(X))))

    assert "\n" not in str(caught.value)


def test_intervals_can_be_had_from_folds_for_a_model_fitted_by_oneself() -> None:
    rows, predicted = out_of_fold(RAW, ROWS, ROWS["y"], TimeFolds(3), groups=ROWS["sched"])

    intervals = ConformalIntervals("origin", min_rows=100)
    intervals.fit(ROWS["y"].to_numpy()[rows], predicted, ROWS.iloc[rows])

    assert [key for (key,) in intervals.keys_] == ["=EWR", "=JFK", "=LGA"]
