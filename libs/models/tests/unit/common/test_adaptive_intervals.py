from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import skops.io
from hypothesis import given
from hypothesis import strategies as st

from ropewalk.models.common import AdaptiveIntervals, ConformalIntervals
from ropewalk.models.errors import ModelError
from ropewalk.models.trusted_types import TRUSTED_TYPES_BY_FAMILY

ERRORS = np.random.default_rng(0).normal(size=400)


def test_starts_where_conformal_intervals_are() -> None:
    adaptive = AdaptiveIntervals(level=0.8).fit(ERRORS, np.zeros(400))

    start = ConformalIntervals().fit(ERRORS, np.zeros(400)).interval([1.0, 2.0], level=0.8)
    np.testing.assert_array_equal(adaptive.interval([1.0, 2.0]), start)


@given(
    st.lists(st.floats(-50, 50), min_size=50, max_size=300),
    st.sampled_from([0.5, 0.8, 0.9]),
    st.sampled_from([0.02, 0.2]),
)
def test_misses_as_often_as_asked_whatever_happens(
    errors: list[float], level: float, rate: float
) -> None:
    """The bound of the second reference, on any sequence: nothing is exchangeable here."""
    intervals = AdaptiveIntervals(level, rate).fit(ERRORS, np.zeros(400))
    step = float(intervals.step_[-1])
    missed = 0

    for error in errors:
        missed += error > intervals.reach_[-1] if error >= 0 else -error > intervals.reach_[-1]
        intervals.update([error], [0.0])

    bound = (50 + step) / (step * len(errors))
    assert abs(missed / len(errors) - (1 - level)) <= bound + 1e-9


def test_follows_a_drift_that_fixed_intervals_miss() -> None:
    errors = np.random.default_rng(1).normal(size=12_000) * np.linspace(1, 2, 12_000)
    fixed = ConformalIntervals().fit(ERRORS, np.zeros(400))
    adaptive = AdaptiveIntervals().fit(ERRORS, np.zeros(400))

    held = np.concatenate([_held_then_learnt(adaptive, day) for day in np.array_split(errors, 600)])

    low, high = fixed.interval(np.zeros(12_000))
    assert ((errors >= low) & (errors <= high)).mean() < 0.8
    assert held.mean() == pytest.approx(0.9, abs=0.015)


def test_each_group_has_a_reach_of_its_own_and_the_overall_learns_from_all() -> None:
    rows = pd.DataFrame({"origin": np.repeat(["JFK", "EWR"], 200)})
    errors = ERRORS * np.repeat([1.0, 3.0], 200)
    intervals = AdaptiveIntervals(group="origin").fit(errors, np.zeros(400), rows)
    new = pd.DataFrame({"origin": ["EWR", "JFK", "LGA"]})
    before = intervals.interval(np.zeros(3), new)[1]

    intervals.update([99.0, 0.0], [0.0, 0.0], new.iloc[[1, 2]])

    after = intervals.interval(np.zeros(3), new)[1]
    assert len(set(before)) == 3
    np.testing.assert_allclose(after / before, [1, 1 + 0.2 * 0.9, 1 + 0.2 * 0.4])


def test_an_update_counts_the_misses_of_the_intervals_that_were_given() -> None:
    """In one step, in any order: a quarter missed where a tenth was asked for."""
    outcomes = np.array([99.0, 0.0, 0.0, 0.0])
    intervals = [AdaptiveIntervals().fit(ERRORS, np.zeros(400)) for _ in range(2)]
    before = intervals[0].reach_[-1]

    intervals[0].update(outcomes, np.zeros(4))
    intervals[1].update(outcomes[::-1], np.zeros(4))

    assert intervals[0].reach_[-1] == pytest.approx(before * (1 + 0.2 * (0.25 - 0.1)))
    assert intervals[1].reach_[-1] == intervals[0].reach_[-1]


def test_goes_on_from_a_file_as_without() -> None:
    days = np.random.default_rng(2).normal(size=(3, 100))
    on, stored = (AdaptiveIntervals().fit(ERRORS, np.zeros(400)) for _ in range(2))
    for day in days:
        on.update(day, np.zeros(100))

    stored.update(days[0], np.zeros(100))
    trusted = list(TRUSTED_TYPES_BY_FAMILY["calibration"])
    back = skops.io.loads(skops.io.dumps(stored), trusted=trusted)
    for day in days[1:]:
        back.update(day, np.zeros(100))

    assert back.reach_.tolist() == on.reach_.tolist()


def test_an_interval_is_never_less_than_its_centre() -> None:
    intervals = AdaptiveIntervals(rate=0.7).fit(ERRORS, np.zeros(400))
    for _ in range(15):  # 1 - 15 * 0.7 * 0.1 is below zero.
        intervals.update([0.0], [0.0])

    low, high = intervals.interval([7.0])

    assert intervals.reach_[-1] < -0.01
    assert low[0] <= 7 <= high[0]


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda: AdaptiveIntervals(rate=0.0).fit([1.0], [0.0]), "rate is 0.0"),
        (lambda: AdaptiveIntervals(rate=np.nan).fit([1.0], [0.0]), "rate is nan"),
        (lambda: AdaptiveIntervals(level=2.0).fit([1.0], [0.0]), "level is 2.0"),
        (lambda: AdaptiveIntervals().fit(ERRORS, ERRORS).update([1.0], []), "1 rows, predicted 0"),
        (
            lambda: (
                AdaptiveIntervals(group="origin")
                .fit([1.0] * 200, [0.0] * 200, pd.DataFrame({"origin": ["JFK"] * 200}))
                .interval([0.0], pd.DataFrame({"origin": ["JFK"] * 2}))
            ),
            "predicted has 1 rows, X 2",
        ),
    ],
)
def test_refuses_in_one_line(act: Callable[[], object], says: str) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        act()

    assert "\n" not in str(caught.value)


def _held_then_learnt(
    intervals: AdaptiveIntervals, errors: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """A day is predicted before its outcomes are known."""
    low, high = intervals.interval(np.zeros(len(errors)))
    intervals.update(errors, np.zeros(len(errors)))
    return (errors >= low) & (errors <= high)
