"""The one rule: a value counts when its known_at is not later than the moment."""

import numpy as np
import pandas as pd
import pytest

from ropewalk.features import FeatureColumnError, known_by

MOMENT = pd.Series(pd.to_datetime(["2013-01-01 10:00"] * 4))
KNOWN_AT = pd.Series(
    pd.to_datetime(["2013-01-01 09:59", "2013-01-01 10:00", "2013-01-01 10:01", "NaT"])
)


def test_not_later_is_known_and_missing_is_never() -> None:
    known = known_by(KNOWN_AT, MOMENT)

    assert known.dtype == np.bool_
    assert known.tolist() == [True, True, False, False]
    assert not known_by(KNOWN_AT, pd.Series([pd.NaT] * 4)).any()


def test_rows_are_compared_by_position() -> None:
    known = known_by(KNOWN_AT.set_axis([3, 2, 1, 0]), MOMENT)

    assert known.tolist() == [True, True, False, False]


def test_the_same_time_in_two_zones_is_the_same() -> None:
    utc = KNOWN_AT.dt.tz_localize("UTC").dt.tz_convert("Asia/Kolkata")

    assert known_by(utc, MOMENT.dt.tz_localize("UTC")).tolist() == [True, True, False, False]


def test_a_nanosecond_later_is_later() -> None:
    moment = pd.Series(pd.to_datetime(["2013-01-01 10:00"])).dt.as_unit("s")
    later = moment.dt.as_unit("ns") + pd.Timedelta(1, unit="ns")

    assert known_by(later, moment).tolist() == [False]
    assert known_by(moment, later).tolist() == [True]


def test_a_column_with_nothing_in_it_needs_no_type_and_no_zone() -> None:
    moment = MOMENT.dt.tz_localize("UTC")

    for nothing in (pd.Series([None] * 4), pd.Series([np.nan] * 4), pd.Series([pd.NaT] * 4)):
        assert not known_by(nothing, moment).any()


@pytest.mark.parametrize(
    ("known_at", "told"),
    [
        (KNOWN_AT.astype(str), "'departed' is of type str, not a time"),
        (KNOWN_AT.dt.tz_localize("UTC"), "'scheduled' has no time zone and column 'departed' has"),
        (KNOWN_AT[:3], "'departed' has 3 rows and column 'scheduled' 4"),
        (pd.Series(pd.to_datetime(["9999-12-31"] * 4)), "too far away for nanoseconds"),
    ],
)
def test_what_can_not_be_compared_is_refused_in_one_line(known_at: pd.Series, told: str) -> None:
    with pytest.raises(FeatureColumnError) as caught:
        known_by(known_at.rename("departed"), MOMENT.dt.as_unit("ns").rename("scheduled"))

    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_column_without_a_name_is_refused_too() -> None:
    with pytest.raises(FeatureColumnError, match="a column is of type int64, not a time"):
        known_by(pd.Series([1]), MOMENT[:1])
