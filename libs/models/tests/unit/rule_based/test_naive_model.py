from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from ropewalk.models.errors import ModelError
from ropewalk.models.model_contract import ModelContract
from ropewalk.models.rule_based import NaiveClassifier, NaiveRegressor


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [
        NaiveRegressor(),
        NaiveRegressor("median"),
        NaiveRegressor("quantile", quantile=0.9),
        NaiveRegressor("mode"),
        NaiveClassifier(),
        NaiveClassifier("mode"),
    ]
)
def test_keeps_scikit_learns_conventions(
    estimator: BaseEstimator, check: Callable[[BaseEstimator], None]
) -> None:
    check(estimator)


class TestContractOfAll(ModelContract):
    def make_estimator(self) -> NaiveRegressor:
        return NaiveRegressor()

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        random = np.random.default_rng(0)
        X = pd.DataFrame(random.normal(size=(200, 4)), columns=list("abcd"))
        return X, X["a"].to_numpy() * 10 + random.normal(size=200)


class TestContractOfGroups(ModelContract):
    def make_estimator(self) -> NaiveRegressor:
        return NaiveRegressor("median", group=["origin", "hour"])

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        frame = pd.concat([FLIGHTS] * 3, ignore_index=True)
        return frame, np.arange(len(frame), dtype=np.float64)


class TestContractOfLast(ModelContract):
    def make_estimator(self) -> NaiveRegressor:
        return NaiveRegressor("last", group="origin", time="at")

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        return _three_weeks()


class TestContractOfSeasonal(ModelContract):
    def make_estimator(self) -> NaiveRegressor:
        return NaiveRegressor("seasonal", group="origin", time="at")

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        return _three_weeks()


class TestContractOfLabels(ModelContract):
    def make_estimator(self) -> NaiveClassifier:
        return NaiveClassifier(group="origin")

    def make_data(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        frame = pd.concat([FLIGHTS] * 3, ignore_index=True)
        return frame, np.where(np.arange(len(frame)) % 5 == 0, "late", "early")


def _three_weeks() -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
    """Make a flight of either origin every six hours; the target counts them."""
    at = pd.date_range("2013-10-07T00:15", periods=4 * 21, freq="6h", tz="UTC")
    frame = pd.DataFrame({"origin": np.tile(["EWR", "JFK"], len(at)), "at": np.repeat(at, 2)})
    return frame, np.arange(len(frame), dtype=np.float64)


FLIGHTS = pd.DataFrame(
    {
        "origin": pd.Series(["JFK", "JFK", "EWR", None, "EWR", "JFK"], dtype="str"),
        "hour": [5, 6, 5, 6, 5, 5],
    }
)
DELAY = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 35.0])


@pytest.mark.parametrize(
    ("strategy", "expected"), [("mean", 11.0), ("median", 6.0), ("quantile", 6.0), ("mode", 1.0)]
)
@pytest.mark.parametrize("rows", [FLIGHTS, FLIGHTS[["hour"]].to_numpy()])
def test_without_group_every_row_gets_the_same(
    strategy: str, expected: float, rows: pd.DataFrame
) -> None:
    model = NaiveRegressor(strategy=strategy).fit(rows, DELAY)  # type: ignore[arg-type]

    assert model.predict(rows).tolist() == [expected] * 6


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_each_group_gets_its_own_and_a_new_group_the_overall(dtype: str) -> None:
    model = NaiveRegressor(strategy="median", group="origin")
    model.fit(FLIGHTS.astype({"origin": dtype}), DELAY)

    new = pd.DataFrame({"origin": ["LGA", "EWR", None, "JFK"], "hour": 0})

    assert model.predict(new).tolist() == [6.0, 10.0, 8.0, 2.0]
    assert len(model.keys_) == len(model.values_) == 3


@pytest.mark.parametrize("group", [["origin", "hour"], ("hour", "origin")])
def test_groups_by_several_columns_whole_numbers_turned_float_or_not(group: list[str]) -> None:
    model = NaiveRegressor(group=group).fit(FLIGHTS, DELAY)

    new = pd.DataFrame({"origin": ["JFK", "EWR", "EWR"], "hour": [5.0, 5.0, np.nan]})

    assert model.predict(new).tolist() == [18.0, 10.0, 11.0]


def test_the_text_missing_is_not_a_missing_value() -> None:
    frame = pd.DataFrame({"origin": ["missing", None]})

    model = NaiveRegressor(group="origin").fit(frame, [1.0, 3.0])

    assert model.predict(frame).tolist() == [1.0, 3.0]


@given(
    st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 3)), min_size=1, max_size=30),
    st.floats(0, 1) | st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.7, 0.9, 1.0]),
)
@settings(max_examples=100, deadline=None)
def test_equals_scikit_learns_dummies_with_weights_or_copies(
    rows: list[tuple[int, int]], quantile: float
) -> None:
    y, weight = np.array([*rows, (0, 1)]).T  # One at least counts.
    X, copies = np.zeros((len(y), 1)), np.repeat(y, weight)
    here = np.zeros((1, 1))

    mean = NaiveRegressor().fit(X, y, weight).predict(here)[0]
    one = NaiveRegressor("quantile", quantile=quantile).fit(X, y, weight).predict(here)[0]
    mode = NaiveRegressor("mode").fit(X, y, weight).predict(here)[0]
    shares = NaiveClassifier().fit(X, y, weight).predict_proba(here)

    assert mean == pytest.approx(DummyRegressor().fit(X, y, weight).predict(here)[0])
    assert mode == DummyClassifier().fit(X, y, weight).predict(here)[0]
    expected = DummyClassifier().fit(X, y, weight).predict_proba(here)
    np.testing.assert_allclose(shares, expected)
    # A share that is met exactly, or missed by rounding, lies between two targets.
    low, high = np.quantile(
        copies, [max(quantile - 1e-9, 0), min(quantile + 1e-9, 1)], method="inverted_cdf"
    )
    assert one == (low + high) / 2


@pytest.mark.parametrize("quantile", np.arange(11) / 10)
def test_a_quantile_does_not_hang_on_the_last_digit_of_weights(quantile: float) -> None:
    X, y = np.zeros((10, 1)), np.arange(10.0)

    once = NaiveRegressor("quantile", quantile=quantile).fit(X, y)
    # Sums of these weights come out above their share here, and below it there.
    less = NaiveRegressor("quantile", quantile=quantile).fit(X, y, np.full(10, 0.9))

    assert once.overall_ == np.clip(quantile * 10 - 0.5, 0, 9)
    assert less.overall_ == once.overall_


@pytest.mark.parametrize("strategy", ["mean", "median", "mode", "last", "seasonal"])
def test_a_group_is_fitted_as_if_it_were_alone(strategy: Any) -> None:
    frame, y = _three_weeks()
    weight = np.random.default_rng(0).uniform(0.1, 2.0, size=len(y))
    y = np.random.default_rng(1).integers(0, 5, size=len(y)).astype(np.float64)
    time = None if strategy in ("mean", "median", "mode") else "at"
    jfk = frame["origin"] == "JFK"

    together = NaiveRegressor(strategy, group="origin", time=time, step="6h")
    alone = NaiveRegressor(strategy, time=time, step="6h")

    together.fit(frame, y, weight)
    alone.fit(frame[jfk], y[jfk], weight[jfk])
    np.testing.assert_allclose(together.predict(frame)[jfk], alone.predict(frame)[jfk], rtol=1e-12)


def test_last_is_the_latest_in_time_whatever_the_order_of_rows() -> None:
    at = pd.to_datetime(["2013-01-02", "2013-01-03", "2013-01-01", "2013-01-03", "NaT"], utc=True)
    frame = pd.DataFrame({"at": at, "origin": ["JFK", "EWR", "JFK", "EWR", "LGA"]})
    y, weight = [1.0, 2.0, 4.0, 8.0, 16.0], [1.0, 2.0, 1.0, 1.0, 1.0]

    model = NaiveRegressor("last", group="origin", time="at").fit(frame, y, weight)

    # Both of the third count, one of them twice; what has no time is no group that is known.
    assert dict(zip(model.keys_, model.values_, strict=True)) == {("=EWR",): 4.0, ("=JFK",): 1.0}
    assert model.predict(frame).tolist() == [1.0, 4.0, 1.0, 4.0, 4.0]


def test_seasonal_is_the_same_hour_of_the_latest_week_that_has_it() -> None:
    frame, y = _three_weeks()
    frame, y = frame.iloc[:-8], y[:-8]  # The last day is missing.
    model = NaiveRegressor("seasonal", group="origin", time="at").fit(frame, y)

    new = pd.DataFrame(
        {
            "origin": ["EWR", "JFK", "JFK", "JFK", "JFK", "LGA", "JFK"],
            "at": pd.to_datetime(
                [
                    "2013-10-28T00:59",  # A Monday.
                    "2013-11-04T00:00",
                    "2013-10-29T18:00",
                    "2013-11-03T18:30",  # A Sunday: the last one is missing.
                    "2013-10-28T01:00",  # No flight in that hour: the group's mean.
                    "2013-10-28T00:30",  # No such origin: the mean of all.
                    "NaT",
                ],
                utc=True,
            ),
        }
    )

    jfk, week = y[1::2].mean(), 2 * 4 * 7
    assert model.predict(new).tolist() == [
        2 * week,
        2 * week + 1,
        2 * week + 2 * 7 + 1,
        2 * week - 1,
        jfk,
        y.mean(),
        jfk,
    ]


def test_seasonal_takes_all_rows_of_a_step() -> None:
    at = pd.to_datetime(["2013-01-07T05:59", "2013-01-14T05:00", "2013-01-14T05:59"])
    frame = pd.DataFrame({"at": at})

    by_hour = NaiveRegressor("seasonal", time="at").fit(frame, [60.0, 10.0, 20.0])
    by_half = NaiveRegressor("seasonal", time="at", step="30min").fit(frame, [60.0, 10.0, 20.0])
    by_day = NaiveRegressor("seasonal", time="at", period="1D").fit(frame.iloc[:2], [60.0, 10.0])

    new = pd.DataFrame({"at": pd.to_datetime(["2013-01-21T05:10", "2013-01-22T05:50"])})
    assert by_hour.predict(new).tolist() == [15.0, 30.0]
    assert by_half.predict(new).tolist() == [10.0, 30.0]
    assert by_day.predict(new).tolist() == [10.0, 10.0]


def test_seasonal_goes_by_the_clock_of_its_zone() -> None:
    # Eight in the morning in New York, before and after the clocks went back.
    at = pd.to_datetime(["2013-10-28T12:00Z", "2013-10-29T13:00Z", "2013-11-04T13:00Z"])
    before, after = pd.DataFrame({"at": at[:2]}), pd.DataFrame({"at": at[2:]})

    local = NaiveRegressor("seasonal", time="at", timezone="America/New_York")
    utc = NaiveRegressor("seasonal", time="at")

    assert local.fit(before, [8.0, 9.0]).predict(after).tolist() == [8.0]
    assert utc.fit(before, [8.0, 9.0]).predict(after).tolist() == [8.5]  # None: the mean.


def test_a_time_without_a_zone_is_utc() -> None:
    frame, y = _three_weeks()
    plain = frame.assign(at=frame["at"].dt.tz_localize(None))
    local = frame.assign(at=frame["at"].dt.tz_convert("Asia/Kolkata"))

    model = NaiveRegressor("seasonal", time="at").fit(frame, y)

    for other in (plain, local):
        np.testing.assert_array_equal(model.predict(other), model.predict(frame))


def test_labels_get_the_shares_of_their_group() -> None:
    label = np.array([True, True, False, True, False, False])
    weight = [1.0, 1.0, 3.0, 1.0, 1.0, 2.0]
    new = pd.DataFrame({"origin": ["JFK", "EWR", None, "LGA"], "hour": 0})

    prior = NaiveClassifier(group="origin").fit(FLIGHTS, label, weight)
    mode = NaiveClassifier("mode", group="origin").fit(FLIGHTS, label, weight)

    shares = [[0.5, 0.5], [1.0, 0.0], [0.0, 1.0], [6 / 9, 3 / 9]]
    np.testing.assert_allclose(prior.predict_proba(new), shares)
    assert mode.predict_proba(new).tolist() == [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    for model in (prior, mode):
        assert model.predict(new).tolist() == [False, False, True, False]


def test_a_group_of_no_weight_is_none() -> None:
    weight = (FLIGHTS["origin"] != "EWR").to_numpy()
    new = pd.DataFrame({"origin": ["EWR"], "hour": 0})

    number = NaiveRegressor(group="origin").fit(FLIGHTS, DELAY, weight)
    label = NaiveClassifier(group="origin").fit(FLIGHTS, DELAY > 5, weight)

    assert number.predict(new).tolist() == [DELAY[weight].mean()]
    assert len(number.keys_) == len(label.keys_) == len(label.values_) == 2
    assert label.predict_proba(new).tolist() == [[0.5, 0.5]]


TIMED = FLIGHTS.assign(at=pd.Timestamp("2013-01-01"), never=pd.to_datetime(["NaT"] * 6))


@pytest.mark.parametrize(
    ("model", "rows", "says"),
    [
        (NaiveRegressor("max"), FLIGHTS, "strategy is 'max': choose one of mean"),  # type: ignore[arg-type]
        (NaiveClassifier("mean"), FLIGHTS, "strategy is 'mean': choose one of prior"),  # type: ignore[arg-type]
        (NaiveRegressor("quantile", quantile=90), FLIGHTS, "quantile is 90: give a share"),
        (NaiveRegressor(group="orign"), FLIGHTS, "'orign' is not in the frame"),
        (NaiveRegressor(group="hour"), FLIGHTS[["hour"]].to_numpy(), "give a DataFrame"),
        (NaiveRegressor("last"), TIMED, "strategy is 'last', which needs .* time="),
        (NaiveRegressor("last", time="ta"), TIMED, "time column 'ta' is not in the frame"),
        (NaiveRegressor("last", time="hour"), TIMED, "'hour' is int64: make times of it"),
        (NaiveRegressor("last", time="hour"), FLIGHTS[["hour"]].to_numpy(), "give a DataFrame"),
        (NaiveRegressor("seasonal", time="never"), TIMED, "no row has a time in 'never'"),
        (NaiveRegressor("seasonal", time="at", timezone="Mars"), TIMED, "timezone is 'Mars'"),
        (NaiveRegressor("seasonal", time="at", period="week"), TIMED, "period is 'week', which"),
        (NaiveRegressor("seasonal", time="at", step="5h"), TIMED, "step '5h': give a period"),
        (NaiveRegressor("seasonal", time="at", step="0h"), TIMED, "step '0h': give a period"),
        (NaiveRegressor("seasonal", time="at", period="-7D"), TIMED, "period is '-7D' and"),
    ],
)
def test_refuses_in_one_line(model: BaseEstimator, rows: pd.DataFrame, says: str) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        model.fit(rows, DELAY)

    assert "\n" not in str(caught.value)
