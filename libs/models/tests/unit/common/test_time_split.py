from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ropewalk.models.common import time_split
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
