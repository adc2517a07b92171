from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from ropewalk.features import BuildDatetimeFeatures, FeatureColumnError, FeatureError

NAIVE = pd.to_datetime(pd.Series(["2013-01-06 00:00", "2013-12-31 23:59", "NaT"]))
ALL = ["minute", "minute_of_day", "hour", "weekday", "day", "day_of_year", "month"]


def _built(times: pd.Series, **parameters: Any) -> NDArray[np.float64]:
    built: NDArray[np.float64] = BuildDatetimeFeatures(**parameters).fit_transform(
        pd.DataFrame({"t": times})
    )
    return built


def test_parts_of_a_calendar_and_a_clock() -> None:
    built = _built(NAIVE, parts=ALL, cyclic=False)

    np.testing.assert_array_equal(
        built,
        [[0, 0, 0, 6, 6, 6, 1], [59, 1439, 23, 1, 31, 365, 12], [np.nan] * 7],
    )


def test_month_and_day_of_the_year_are_not_there_unless_asked_for() -> None:
    flow = BuildDatetimeFeatures().fit(pd.DataFrame({"t": NAIVE}))

    assert list(flow.get_feature_names_out()) == [
        "t_hour",
        "t_hour_sin",
        "t_hour_cos",
        "t_minute_of_day",
        "t_minute_of_day_sin",
        "t_minute_of_day_cos",
        "t_weekday",
        "t_weekday_sin",
        "t_weekday_cos",
    ]
    assert flow.account_[0]["reason"] == "hour, minute_of_day, weekday in no time zone; 1 missing"


def test_the_end_of_a_cycle_is_next_to_its_start() -> None:
    built = _built(NAIVE[:2], parts=["minute_of_day"])

    np.testing.assert_allclose(built[1, 1:], built[0, 1:], atol=0.005)
    np.testing.assert_allclose((built[:, 1:] ** 2).sum(axis=1), 1)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_any_unit_with_and_without_utc(
    unit: Literal["s", "ms", "us", "ns"], zone: str | None
) -> None:
    times = NAIVE.dt.as_unit(unit).dt.tz_localize(zone)

    np.testing.assert_array_equal(_built(times), _built(NAIVE))


@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Kolkata"])
def test_a_time_zone_moves_the_clock_through_summer_and_winter(zone: str | None) -> None:
    times = pd.to_datetime(pd.Series(["2013-01-07 03:00Z", "2013-07-01 03:00Z"]))
    times = times.dt.tz_localize(None) if zone is None else times.dt.tz_convert(zone)

    built = _built(times, parts=["hour", "weekday"], cyclic=False, timezone="America/New_York")

    np.testing.assert_array_equal(built, [[22, 6], [23, 6]])


def test_without_one_the_zone_of_the_training_rows_counts() -> None:
    local = NAIVE.dt.tz_localize("America/New_York")
    flow = BuildDatetimeFeatures().fit(pd.DataFrame({"t": local}))

    np.testing.assert_array_equal(
        flow.transform(pd.DataFrame({"t": local.dt.tz_convert("UTC")})),
        flow.transform(pd.DataFrame({"t": local})),
    )


def test_utc_times_go_to_a_flow_fitted_on_times_without_a_zone() -> None:
    flow = BuildDatetimeFeatures().fit(pd.DataFrame({"t": NAIVE}))

    np.testing.assert_array_equal(
        flow.transform(pd.DataFrame({"t": NAIVE.dt.tz_localize("UTC")})), _built(NAIVE)
    )


@pytest.mark.parametrize("dtype", [object, "str", "float64"])
def test_a_row_with_nothing_in_it_needs_no_type(dtype: str) -> None:
    flow = BuildDatetimeFeatures(timezone="America/New_York").fit(pd.DataFrame({"t": NAIVE}))

    alone = flow.transform(pd.DataFrame({"t": pd.Series([None], dtype=dtype)}))

    assert np.isnan(alone).all()


def test_what_is_no_time_is_refused_by_name() -> None:
    with pytest.raises(FeatureColumnError, match="column 't' is of type str, not a time"):
        _built(pd.Series(["2013-01-01"]))


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"parts": ["houre"]}, "did you mean 'hour'?"),
        ({"parts": "hour"}, "give a list"),
        ({"parts": []}, "give a list"),
        ({"timezone": "America/New_Yrk"}, "timezone='America/New_Yrk': not known"),
    ],
)
def test_parameters_of_no_use_are_refused(parameters: dict[str, Any], told: str) -> None:
    with pytest.raises(FeatureError) as caught:
        _built(NAIVE, **parameters)

    assert told in str(caught.value)
