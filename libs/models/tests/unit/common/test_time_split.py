from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit, cross_val_score

from ropewalk.models.common import TimeFolds, time_split
from ropewalk.models.errors import ModelError

DAYS = pd.to_datetime(["2013-03-03", "2013-03-01", "2013-03-02"])


@pytest.mark.parametrize(
    ("times", "test_from"),
    [
        (DAYS, "2013-03-02"),
        (DAYS.to_numpy(), np.datetime64("2013-03-02")),
        (pd.Series(DAYS, index=[7, 7, 8]), datetime(2013, 3, 2)),
        (DAYS.tz_localize("UTC"), "2013-03-02"),
        (DAYS.tz_localize("UTC"), datetime(2013, 3, 2, tzinfo=UTC)),
        (DAYS.tz_localize("America/New_York"), "2013-03-02T05:00:00Z"),
        ([datetime(2013, 3, 3), datetime(2013, 3, 1), datetime(2013, 3, 2)], "2013-03-02"),
    ],
)
def test_gives_positions_before_and_from_the_moment(
    times: pd.DatetimeIndex, test_from: str
) -> None:
    train, test = time_split(times, test_from)

    assert train.tolist() == [1]
    assert test.tolist() == [0, 2]


@given(st.lists(st.integers(0, 20), min_size=2), st.integers(0, 20))
def test_every_row_is_on_one_side_and_no_test_row_is_earlier(hours: list[int], at: int) -> None:
    start = pd.Timestamp("2013-03-01")
    times = pd.Series([start + pd.Timedelta(hours=hour) for hour in hours])
    moment = start + pd.Timedelta(hours=at)

    if not min(hours) < at <= max(hours):
        with pytest.raises(ModelError, match=r"no (train|test) rows"):
            time_split(times, moment)
        return
    train, test = time_split(times, moment)

    assert sorted([*train, *test]) == list(range(len(hours)))
    assert times[train].max() < moment <= times[test].min()


@pytest.mark.parametrize(
    ("times", "test_from", "says"),
    [
        (DAYS, "2013-03-01", "no train rows"),
        (DAYS, "2013-04-01", "no test rows"),
        (DAYS[:0], "2013-03-01", "no train rows"),
        (
            pd.DatetimeIndex([pd.Timestamp("2013-03-01"), pd.NaT]),
            "2013-03-01",
            "1 of 2 times are missing",
        ),
        (pd.Series([1, 2, 3]), "2013-03-01", "times are int64"),
        (DAYS, "soon", "test_from is 'soon'"),
        (DAYS, "NaT", "test_from is missing"),
        (DAYS, datetime(2013, 3, 2, tzinfo=UTC), "has a time zone"),
    ],
)
def test_refuses_in_one_line(times: pd.DatetimeIndex, test_from: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        time_split(times, test_from)

    assert isinstance(caught.value, ModelError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("gap", [0, 2])
@pytest.mark.parametrize("train_size", [None, 3])
@pytest.mark.parametrize("test_size", [None, 2])
@pytest.mark.parametrize("n_rows", [12, 17])
def test_rows_one_after_the_other_are_split_as_scikit_learn_does(
    gap: int, train_size: int | None, test_size: int | None, n_rows: int
) -> None:
    folds = TimeFolds(3, test_size=test_size, train_size=train_size, gap=gap)
    theirs = TimeSeriesSplit(3, test_size=test_size, max_train_size=train_size, gap=gap)
    rows = np.zeros((n_rows, 1))

    for ours, expected in zip(folds.split(rows), theirs.split(rows), strict=True):
        assert [part.tolist() for part in ours] == [part.tolist() for part in expected]
    assert folds.get_n_splits() == 3


@given(
    st.lists(st.integers(0, 60), min_size=12, max_size=60),
    st.integers(1, 4),
    st.sampled_from([None, "10D", "36h"]),
    st.sampled_from([None, "9D", "20D"]),
    st.sampled_from([0, "1D", "100h"]),
)
def test_no_fold_looks_ahead(
    days: list[int], n_splits: int, test_size: str | None, train_size: str | None, gap: str | int
) -> None:
    times = pd.Timestamp("2013-01-01") + pd.to_timedelta(days, unit="D")
    folds = TimeFolds(n_splits, test_size=test_size, train_size=train_size, gap=gap)

    told = ""
    try:
        pairs = list(folds.split(days, groups=times))
    except ModelError as error:
        told = str(error)
    if told:  # Either is right, silence is not.
        assert "rows in fold" in told or "can't be parted" in told
        return

    assert len(pairs) == n_splits
    before = pd.Timestamp.min
    for train, test in pairs:
        assert times[train].max() < times[test].min()
        assert times[train].max() + pd.Timedelta(gap) < times[test].min()
        assert before < times[test].min()
        before = times[test].max()
        if train_size is not None:
            assert times[train].max() - times[train].min() < pd.Timedelta(train_size)
        if test_size is not None:
            assert times[test].max() - times[test].min() < pd.Timedelta(test_size)
        # A day is on one side only.
        assert not set(times[train]) & set(times[test])
    assert times[pairs[-1][1]].max() == times.max()


def test_scikit_learn_takes_the_folds() -> None:
    days = pd.date_range("2013-01-01", periods=40).to_numpy()[::-1]
    X = np.arange(40.0)[:, np.newaxis]

    scores = cross_val_score(Ridge(), X, X[:, 0], cv=TimeFolds(4, gap="1D"), groups=days)

    assert scores.shape == (4,)
    assert (scores > 0.9).all()
    assert repr(TimeFolds(4, gap="1D")) == (
        "TimeFolds(gap='1D', n_splits=4, test_size=None, train_size=None)"
    )


@pytest.mark.parametrize(
    ("folds", "times", "says"),
    [
        (TimeFolds(0), DAYS, "n_splits is 0"),
        (TimeFolds(3), DAYS, "3 moments can't be parted into 3 folds"),
        (TimeFolds(1, gap="5D"), DAYS, "no train rows in fold 1 of 1"),
        (TimeFolds(2, test_size="1h"), DAYS, "no test rows in fold 1 of 2"),
        (TimeFolds(1, gap=7), DAYS, "gap is 7: give a span of time"),
        (TimeFolds(1, gap="-1D"), DAYS, "gap is '-1D': give a span of more"),
        (TimeFolds(1, test_size="0D"), DAYS, "test_size is '0D': give a span of more"),
        (TimeFolds(1, train_size="soon"), DAYS, "train_size is 'soon': give a span of time"),
        (TimeFolds(1, gap="1D"), None, "gap is '1D': give a number"),
        (TimeFolds(1), DAYS[:2], "3 rows and 2 times"),
        (TimeFolds(1), [DAYS[0], pd.NaT, DAYS[1]], "1 of 3 times are missing"),
    ],
)
def test_folds_refuse_in_one_line(
    folds: TimeFolds, times: pd.DatetimeIndex | None, says: str
) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        list(folds.split(DAYS, groups=times))

    assert "\n" not in str(caught.value)
