"""The form for single rows gives what `transform` gives for a frame of that row."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ropewalk.features import (
    BuildCategoricalFeatures,
    BuildDatetimeFeatures,
    BuildHistoryFeatures,
    BuildNumericFeatures,
    BuildTextFeatures,
    FeatureColumnError,
    FeatureFlow,
)

NUMBERS = pd.DataFrame(
    {
        "distance": [187.0, 2475.0, 733.0, 1400.0, np.nan, 16.0],
        "seats": [20, 55, 2, 200, 149, 20],
        "wind_gust": [np.inf, 20.0, np.nan, 25.0, -np.inf, 0.0],
        "kilometres": [300.0, 3983.0, 1180.0, 2253.0, np.nan, 26.0],
        "never": [np.nan] * 6,
    }
)
ORIGINS = pd.DataFrame(
    {
        "origin": ["JFK", "LGA", "JFK", None, "EWR", "missing", "other", "5"],
        "flight": [5, 5.5, None, 1e20, -0.0, 11, 5, 5],
    }
)
NAMES = pd.DataFrame({"airline": ["Delta Air Lines", None], "model": ["A320-232", "--"]})
ALL = ["minute", "minute_of_day", "hour", "weekday", "day", "day_of_year", "month"]
ZONES = [None, "UTC", "America/New_York", "Asia/Kolkata", "+05:30"]


def check(flow: FeatureFlow, row: Mapping[str, object], dtype: str | None = None) -> None:
    build = flow.compile_row()
    assert build is not None
    frame = pd.DataFrame({name: pd.Series([value], dtype=dtype) for name, value in row.items()})

    built = build(row)

    assert all(type(value) is float for value in built)
    np.testing.assert_array_equal(np.array([built]), flow.transform(frame))


def or_missing(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


@settings(deadline=None)
@given(
    impute=st.sampled_from(["median", "mean", None]),
    quantiles=st.sampled_from([None, (0.1, 0.9)]),
    scale=st.booleans(),
    values=st.lists(
        or_missing(
            st.floats()
            | st.integers(-(2**53), 2**53)
            | st.sampled_from([True, False, np.inf, -np.inf])
        ),
        min_size=5,
        max_size=5,
    ),
)
def test_numbers(impute, quantiles, scale, values) -> None:  # type: ignore[no-untyped-def]
    flow = BuildNumericFeatures(impute=impute, quantiles=quantiles, scale=scale).fit(NUMBERS)

    check(flow, dict(zip(NUMBERS.columns, values, strict=True)), "float64")


@settings(deadline=None)
@given(
    encoding=st.sampled_from(["onehot", "ordinal"]),
    max_levels=st.integers(1, 4),
    origin=or_missing(st.sampled_from([*ORIGINS["origin"], "SFO"]) | st.text()),
    flight=or_missing(
        st.floats() | st.integers(-(2**63), 2**63 - 1) | st.sampled_from([5, 5.0, True, "5"])
    ),
)
def test_categories(encoding, max_levels, origin, flight) -> None:  # type: ignore[no-untyped-def]
    flow = BuildCategoricalFeatures(encoding=encoding, max_levels=max_levels).fit(ORIGINS)

    check(flow, {"origin": origin, "flight": flight})
    check(flow, {"origin": origin, "flight": flight}, "object")


@settings(deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    fitted=st.sampled_from(ZONES),
    cyclic=st.booleans(),
    time=or_missing(
        st.datetimes(
            datetime(1850, 1, 1),
            datetime(2150, 1, 1),
            timezones=st.sampled_from(
                [None, UTC, ZoneInfo("America/New_York"), timezone(timedelta(hours=5, minutes=45))]
            ),
            allow_imaginary=False,
        )
    ),
)
def test_times(zone, fitted, cyclic, time) -> None:  # type: ignore[no-untyped-def]
    seen = pd.DataFrame({"t": pd.to_datetime(pd.Series(["2013-01-06"])).dt.tz_localize(fitted)})
    flow = BuildDatetimeFeatures(ALL, cyclic=cyclic, timezone=zone).fit(seen)

    check(flow, {"t": time})


@settings(deadline=None)
@given(
    width=st.integers(1, 20),
    norm=st.sampled_from(["l1", "l2", None]),
    kind=st.sampled_from(["words", "characters"]),
    airline=or_missing(st.text() | st.sampled_from(["Straße 航空", "a b a b a", "\ud800 x"])),
    model=or_missing(st.text()),
)
def test_text(width, norm, kind, airline, model) -> None:  # type: ignore[no-untyped-def]
    flow = BuildTextFeatures(width, kind=kind, norm=norm).fit(NAMES)

    check(flow, {"airline": airline, "model": model}, "object")


def test_many_tokens_find_their_columns() -> None:
    flow = BuildTextFeatures(7).fit(NAMES)

    check(flow, {"airline": " ".join(f"w{number}" for number in range(5000)), "model": None})


def test_other_columns_do_not_matter_and_a_missing_one_is_named() -> None:
    build = BuildTextFeatures(4).fit(NAMES).compile_row()
    assert build is not None

    assert build({"model": "a", "airline": "b", "more": 1}) == build({"airline": "b", "model": "a"})
    with pytest.raises(KeyError, match="airline"):
        build({"model": "a"})


@pytest.mark.parametrize(
    ("flow", "frame", "value"),
    [
        (BuildNumericFeatures(), NUMBERS[["seats"]], "5"),
        (BuildNumericFeatures(), NUMBERS[["seats"]], datetime(2013, 1, 1)),
        (BuildNumericFeatures(), NUMBERS[["seats"]], 10**400),
        (BuildCategoricalFeatures(), ORIGINS[["origin"]], datetime(2013, 1, 1)),
        (BuildCategoricalFeatures(), ORIGINS[["origin"]], ["JFK"]),
        (BuildDatetimeFeatures(), pd.DataFrame({"t": [pd.Timestamp(0)]}), "2013-01-01"),
        (BuildDatetimeFeatures(), pd.DataFrame({"t": [pd.Timestamp(0)]}), date(2013, 1, 1)),
        (BuildTextFeatures(), NAMES[["airline"]], 5),
    ],
)
def test_a_value_of_another_kind_is_refused_in_one_line(
    flow: FeatureFlow, frame: pd.DataFrame, value: object
) -> None:
    name = frame.columns[0]
    build = flow.fit(frame).compile_row()
    assert build is not None

    with pytest.raises(FeatureColumnError, match=f"column '{name}'") as caught:
        build({name: value})

    assert "\n" not in str(caught.value)


def test_without_names_or_for_many_rows_there_is_none() -> None:
    unnamed = BuildNumericFeatures().fit(NUMBERS.to_numpy())
    times = pd.DataFrame({"v": [1.0, 2.0], "t": pd.to_datetime(["2013-01-01", "2013-01-02"])})
    history = BuildHistoryFeatures("v", "t", "t", [{"by": [], "hours": 2}]).fit(times)

    assert unnamed.compile_row() is None
    assert history.compile_row() is None
