"""The history of the flights that ship: what it says, and that it never looks ahead."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from ropewalk.features import BuildHistoryFeatures, known_by

DATA = Path("notebooks/dummy_data")
NOON = pd.Timestamp("2013-07-01 12:00", tz="America/New_York")


def _flow() -> BuildHistoryFeatures:
    return BuildHistoryFeatures(
        value="dep_delay",
        known_at="departed_at",
        moment="scheduled_departure",
        windows=[
            {"by": ["origin"], "hours": 2},
            {"by": ["origin", "carrier"], "hours": 6},
            {"by": ["dest"], "hours": 24},
            {"by": ["tailnum"], "hours": 24},
        ],
        backlog=[{"by": ["origin"], "hours": 24}],
    )


def _built(flights: pd.DataFrame) -> NDArray[np.float64]:
    built: NDArray[np.float64] = _flow().fit_transform(flights)
    return built


def _departed(flights: pd.DataFrame) -> pd.Series:
    delay = pd.to_timedelta(flights["dep_delay"], unit="min")
    return flights["scheduled_departure"] + delay


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    flights = pd.read_csv(DATA / "flights.csv")
    hour = pd.to_datetime(flights["time_hour"], utc=True)
    flights["scheduled_departure"] = hour + pd.to_timedelta(flights["minute"], unit="min")
    flights["departed_at"] = _departed(flights)
    return flights


@pytest.fixture(scope="module")
def history(flights: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(_built(flights), columns=_flow().fit(flights).get_feature_names_out())


def test_every_flight_has_a_history_of_finite_numbers(history: pd.DataFrame) -> None:
    means = history.filter(like="_mean_")
    counts = history.filter(like="_count_")

    assert history.shape == (30_134, 9)
    assert np.isfinite(counts).all(axis=None)
    np.testing.assert_array_equal(means.isna().to_numpy(), (counts == 0).to_numpy())
    # A plane seldom flies twice from New York on a day; the airports are never long without.
    assert history["history_dep_delay_count_tailnum_24h"].gt(0).mean() < 0.3
    assert history["history_dep_delay_count_origin_2h"].gt(0).mean() > 0.99


@pytest.mark.parametrize("number", [0, 4_321, 15_067, 20_202, 30_133])
def test_a_flight_sees_what_a_query_of_all_flights_finds(
    flights: pd.DataFrame, history: pd.DataFrame, number: int
) -> None:
    one = flights.iloc[number]
    now, origin = one["scheduled_departure"], one["origin"]
    others = flights.drop(index=number)
    others = others[others["origin"] == origin]
    known = others["departed_at"] <= now
    recent = others[known & (others["departed_at"] > now - pd.Timedelta(hours=2))]
    due = others["scheduled_departure"].between(now - pd.Timedelta(hours=24), now, "neither")

    seen = history.iloc[number]

    assert seen["history_dep_delay_count_origin_2h"] == len(recent)
    np.testing.assert_allclose(
        seen["history_dep_delay_mean_origin_2h"], recent["dep_delay"].mean(), rtol=1e-12
    )
    assert seen["history_backlog_origin_24h"] == (due & ~known).sum()


def test_what_becomes_known_after_noon_changes_nothing_up_to_noon(flights: pd.DataFrame) -> None:
    now = pd.Series(NOON, index=flights.index)
    later = ~known_by(flights["departed_at"], now)
    asked = known_by(flights["scheduled_departure"], now)
    other = flights.copy()
    # Every later delay is another one, and every flight still to leave leaves even later.
    other.loc[later, "dep_delay"] = 1e6 - other.loc[later, "dep_delay"]
    other["departed_at"] = _departed(other)

    before, after = _built(flights), _built(other)

    np.testing.assert_array_equal(after[asked], before[asked])
    assert not np.array_equal(after[~asked], before[~asked], equal_nan=True)


def test_flights_that_come_later_change_nothing(flights: pd.DataFrame) -> None:
    asked = known_by(flights["scheduled_departure"], pd.Series(NOON, index=flights.index))
    # The backlog and the windows need only what was in the timetable up to then, and flights that
    # left before their time.
    known = asked | known_by(flights["departed_at"], pd.Series(NOON, index=flights.index))

    alone = _built(flights[known])

    np.testing.assert_array_equal(alone[asked[known]], _built(flights)[asked])


def test_a_flight_s_own_delay_changes_nothing_for_itself(flights: pd.DataFrame) -> None:
    built = _built(flights)
    for number in (4_321, 20_202):
        other = flights.copy()
        other.loc[number, "dep_delay"] = -3.0
        other["departed_at"] = _departed(other)

        np.testing.assert_array_equal(_built(other)[number], built[number])


def test_the_order_of_flights_does_not_matter(flights: pd.DataFrame) -> None:
    order = np.random.default_rng(0).permutation(len(flights))

    built = _built(flights.iloc[order])

    np.testing.assert_array_equal(built, _built(flights)[order])
