"""Looking back on other rows: never on the row itself, never ahead."""

from collections.abc import Sequence
from itertools import permutations, product
from random import Random
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ropewalk.features import (
    BuildHistoryFeatures,
    FeatureColumnError,
    FeatureError,
    Window,
    known_by,
)

ORIGIN: Window = {"by": ["origin"], "hours": 2}
FLIGHTS = pd.DataFrame(
    {
        "origin": ["JFK", "JFK", "JFK", "LGA", None],
        "carrier": ["B6", "UA", "B6", "UA", "UA"],
        "moment": pd.to_datetime(
            ["2013-01-01 08:00Z", "2013-01-01 08:30Z", "2013-01-01 09:00Z"]
            + ["2013-01-01 09:00Z"] * 2
        ),
        "delay": [10.0, 90.0, -5.0, 4.0, 7.0],
    }
)
FLIGHTS["known_at"] = FLIGHTS["moment"] + pd.to_timedelta(FLIGHTS["delay"], unit="min")


def _flow(
    windows: Sequence[Window] = (ORIGIN,), backlog: Sequence[Window] = ()
) -> BuildHistoryFeatures:
    return BuildHistoryFeatures(
        value="delay", known_at="known_at", moment="moment", windows=windows, backlog=backlog
    )


def _built(
    frame: pd.DataFrame, windows: Sequence[Window] = (ORIGIN,), backlog: Sequence[Window] = ()
) -> NDArray[np.float64]:
    built: NDArray[np.float64] = _flow(windows, backlog).fit_transform(frame)
    return built


def _rows(
    times: Sequence[str | None], known: Sequence[str | None], delays: Sequence[float | None]
) -> pd.DataFrame:
    """One group, all on one day."""

    def day(clock: Sequence[str | None]) -> pd.Series:
        return pd.Series(pd.to_datetime([f"2013-01-01 {c}" if c else "NaT" for c in clock]))

    return pd.DataFrame(
        {"origin": "JFK", "moment": day(times), "known_at": day(known), "delay": delays}
    )


def test_means_and_counts_of_what_had_become_known() -> None:
    built = _built(FLIGHTS, [ORIGIN, {"by": ["origin", "carrier"], "hours": 2}])

    nothing = [np.nan, 0]
    np.testing.assert_array_equal(
        built,
        [
            [*nothing, *nothing],
            [10, 1, *nothing],
            # The flight of 08:30 left at 10:00; its own 08:55 is not for it to see.
            [10, 1, 10, 1],
            [*nothing, *nothing],
            [*nothing, *nothing],
        ],
    )


def test_a_row_never_sees_itself_even_when_it_is_already_known() -> None:
    early = _rows(["09:00", "09:01"], ["08:00", None], [-60.0, None])

    np.testing.assert_array_equal(_built(early), [[np.nan, 0], [-60, 1]])


def test_a_value_known_at_the_very_moment_counts() -> None:
    frame = _rows(["09:00", "10:00"], ["10:00", None], [60.0, None])

    np.testing.assert_array_equal(_built(frame), [[np.nan, 0], [60, 1]])


def test_a_window_ends_before_its_first_moment() -> None:
    frame = _rows(["08:00", "10:00", "09:59"], ["08:00", None, None], [1.0, None, None])

    np.testing.assert_array_equal(_built(frame), [[np.nan, 0], [np.nan, 0], [1, 1]])


def test_values_that_are_none_do_not_count() -> None:
    frame = _rows(["08:00"] * 4 + ["09:00"], ["08:00"] * 4 + [None], [np.inf, None, -np.inf, 2, 9])

    np.testing.assert_array_equal(_built(frame)[4], [2, 1])


def test_a_row_with_a_missing_group_is_in_no_group() -> None:
    frame = _rows(["08:00", "08:00", "09:00"], ["08:00", "08:00", None], [1.0, 3.0, None])
    frame["origin"] = None

    built = _built(frame, backlog=[ORIGIN])

    np.testing.assert_array_equal(built, [[np.nan, 0, 0]] * 3)


def test_a_row_without_a_moment_sees_nothing_and_may_be_seen() -> None:
    frame = _rows([None, "09:00"], ["08:30", None], [30.0, None])

    built = _built(frame, backlog=[ORIGIN])

    np.testing.assert_array_equal(built, [[np.nan, 0, 0], [30, 1, 0]])


def test_the_backlog_is_what_was_due_before_and_is_not_known_yet() -> None:
    frame = _rows(
        ["08:00", "09:00", "09:00", "09:30", "10:00"],
        ["08:10", None, "09:50", "09:30", "09:15"],
        [10.0, None, 50.0, 0.0, -45.0],
    )

    built = _built(frame, windows=[], backlog=[{"by": [], "hours": 24}, {"by": [], "hours": 1}])

    # Flights of the same time are not due before; the one of 10:00 left before its time.
    np.testing.assert_array_equal(built, [[0, 0], [0, 0], [0, 0], [2, 2], [1, 0]])


_CLOCK = st.one_of(st.none(), st.integers(0, 12))
_KEY = st.sampled_from(["a", "b", None])
_ROW = st.tuples(
    _KEY, _KEY, _CLOCK, _CLOCK, st.one_of(st.none(), st.floats(-1e6, 1e6), st.integers(-2, 2))
)


def _frame(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["origin", "carrier", "moment", "known_at", "delay"])
    for name in ("moment", "known_at"):
        hours = pd.to_timedelta(frame[name].astype("float64"), unit="h")
        frame[name] = pd.Timestamp("2013-01-01", tz="UTC") + hours
    frame["delay"] = frame["delay"].astype("float64")
    return frame


def _by_hand(frame: pd.DataFrame, window: Window) -> NDArray[np.float64]:
    """Give mean, count and backlog, one pair of rows at a time."""
    moment, known_at, delay = (list(frame[name]) for name in ("moment", "known_at", "delay"))
    keys = frame[list(window["by"])].to_numpy(dtype=object).tolist()
    # Of each row that looks back, what it may see.
    known = [known_by(frame["known_at"], pd.Series([now] * len(frame))) for now in moment]
    span = pd.Timedelta(hours=window["hours"])
    seen: list[list[float]] = [[] for _ in moment]
    due = [0] * len(frame)
    for row, other in product(range(len(frame)), repeat=2):
        strange = keys[row] != keys[other] or any(map(pd.isna, keys[row]))
        if row == other or strange or pd.isna(moment[row]):
            continue
        if known[row][other]:
            if known_at[other] > moment[row] - span and pd.notna(delay[other]):
                seen[row].append(delay[other])
        elif moment[row] - span < moment[other] < moment[row]:
            due[row] += 1
    means = [float(np.mean(values)) if values else np.nan for values in seen]
    return np.column_stack([means, [len(values) for values in seen], due])


@settings(deadline=None)
@given(
    st.lists(_ROW, min_size=1, max_size=12),
    st.sampled_from([[], ["origin"], ["origin", "carrier"]]),
    st.sampled_from([0.5, 1, 3, 24]),
)
def test_equals_looking_at_every_pair_of_rows(
    rows: list[tuple[object, ...]], by: list[str], hours: float
) -> None:
    frame = _frame(rows)
    window: Window = {"by": by, "hours": hours}

    built = _built(frame, [window], [window])

    np.testing.assert_allclose(built, _by_hand(frame, window), rtol=1e-12, atol=1e-9)


@settings(deadline=None)
@given(st.lists(_ROW, min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_to_the_last_bit(
    rows: list[tuple[object, ...]], chance: Random
) -> None:
    frame = _frame(rows)
    order = list(range(len(rows)))
    chance.shuffle(order)

    built = _built(frame, [ORIGIN], [ORIGIN])

    np.testing.assert_array_equal(_built(frame.iloc[order], [ORIGIN], [ORIGIN]), built[order])


def test_rounding_tells_no_order_of_rows() -> None:
    # 0.1 + 0.2 + 0.3 is 0.6 or a bit more, depending on which two are added first.
    at_once = _rows(["09:00"] * 4, ["08:00"] * 3 + [None], [0.1, 0.2, 0.3, None])
    twins = _rows(["09:00"] * 4, ["08:00", "08:10", "08:10", "08:20"], [0.1, 0.2, 0.2, 0.3])

    means = {_built(at_once.iloc[[*order, 3]])[3, 0] for order in permutations(range(3))}
    of_twins = _built(twins)[1:3]

    assert len(means) == 1
    np.testing.assert_array_equal(of_twins[0], of_twins[1])


@settings(deadline=None)
@given(st.lists(_ROW, min_size=1, max_size=20), st.integers(0, 12), st.floats(-1e300, 1e300))
def test_what_becomes_known_later_changes_nothing_to_the_last_bit(
    rows: list[tuple[object, ...]], hour: int, value: float
) -> None:
    frame = _frame(rows)
    now = pd.Timestamp("2013-01-01", tz="UTC") + pd.Timedelta(hours=hour)
    later = ~known_by(frame["known_at"], pd.Series([now] * len(frame)))
    changed = frame.copy()
    changed.loc[later, "delay"] = value
    changed.loc[later & frame["known_at"].notna(), "known_at"] += pd.Timedelta(minutes=7)
    asked = (frame["moment"] <= now).to_numpy()

    built, again = (_built(each, [ORIGIN], [ORIGIN]) for each in (frame, changed))

    np.testing.assert_array_equal(again[asked], built[asked])


def test_a_far_out_value_spoils_no_window_but_its_own() -> None:
    frame = _rows(
        ["08:00", "08:30", "12:00", "12:30"], ["08:00", "08:30", "12:00", None], [1e18, 3, 0.1, 1]
    )

    np.testing.assert_array_equal(_built(frame)[3], [0.1, 1])


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_any_unit_with_and_without_a_zone(
    unit: Literal["s", "ms", "us", "ns"], zone: str | None
) -> None:
    other = FLIGHTS.assign(
        moment=FLIGHTS["moment"].dt.tz_convert(zone).dt.as_unit(unit),
        known_at=FLIGHTS["known_at"].dt.tz_convert(zone),
    )

    np.testing.assert_array_equal(
        _built(other, [ORIGIN], [ORIGIN]), _built(FLIGHTS, [ORIGIN], [ORIGIN])
    )


def test_groups_may_be_of_any_kind_of_column() -> None:
    kinds = FLIGHTS.assign(
        origin=pd.Categorical(FLIGHTS["origin"]), carrier=[1.0, 2.0, 1.0, 2.0, np.nan]
    )
    window: Window = {"by": ["origin", "carrier"], "hours": 2}

    np.testing.assert_array_equal(_built(kinds, [window]), _built(FLIGHTS, [window]))


def test_only_the_columns_it_needs_are_asked_for() -> None:
    flow = _flow().fit(FLIGHTS.assign(dest="BOS"))

    assert list(flow.feature_names_in_) == ["delay", "known_at", "moment", "origin"]
    assert flow.transform(FLIGHTS[["origin", "delay", "moment", "known_at"]]).shape == (5, 2)


def test_names_and_account() -> None:
    windows: list[Window] = [ORIGIN, {"by": ["origin", "carrier"], "hours": 0.5}]
    flow = _flow(windows, [{"by": [], "hours": 24}]).fit(FLIGHTS)

    assert list(flow.get_feature_names_out()) == [
        "history_delay_mean_origin_2h",
        "history_delay_count_origin_2h",
        "history_delay_mean_origin_carrier_0.5h",
        "history_delay_count_origin_carrier_0.5h",
        "history_backlog_24h",
    ]
    assert {row["column"]: row["reason"] for row in flow.account_} == {
        "delay": "used as value",
        "known_at": "used as known_at",
        "moment": "used as moment",
        "origin": "used as windows[0].by, windows[1].by; 1 missing",
        "carrier": "used as windows[1].by",
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"value": "delays"}, "value: there is no column 'delays'; did you mean 'delay'?"),
        ({"known_at": "known"}, "known_at: there is no column 'known'; did you mean 'known_at'?"),
        ({"value": ["delay"]}, "value=['delay']: give the name of a column"),
        (
            {"windows": [ORIGIN, {"by": ["orign"], "hours": 2}]},
            "windows[1].by: there is no column 'orign'; did you mean 'origin'?",
        ),
        ({"value": "origin"}, "column 'origin' is of type str, not a number"),
        ({"moment": "carrier"}, "column 'carrier' is of type str, not a time"),
        ({"known_at": "delay"}, "column 'delay' is of type float64, not a time"),
        ({"windows": [ORIGIN, ORIGIN]}, "give 'history_delay_mean_origin_2h' twice"),
        ({"windows": []}, "windows and backlog are both empty"),
    ],
)
def test_what_is_of_no_use_is_refused_in_one_line(change: dict[str, object], told: str) -> None:
    flow = _flow().set_params(**change)

    with pytest.raises(FeatureError) as caught:
        flow.fit(FLIGHTS)

    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_columns_can_not_be_found_by_position() -> None:
    with pytest.raises(FeatureColumnError, match="give a DataFrame"):
        _flow().fit(FLIGHTS[["delay"]].to_numpy())
    with pytest.raises(FeatureColumnError, match="there is no column 'delay'; there are: 0, 1"):
        _flow().fit(pd.DataFrame([[1, 2]]))


def test_what_makes_no_group_is_refused() -> None:
    with pytest.raises(FeatureColumnError, match="column 'origin' holds what makes no group"):
        _built(FLIGHTS.assign(origin=pd.Series([{"JFK"}] * 5, dtype=object)))
