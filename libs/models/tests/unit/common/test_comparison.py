from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from ropewalk.models.common import compare_losses
from ropewalk.models.errors import ModelError

RANDOM = np.random.default_rng(0)
FIRST = RANDOM.gamma(1.0, size=600)
SECOND = FIRST + RANDOM.normal(0.05, 0.5, size=600)


@pytest.mark.parametrize("lags", [0, 1, 7])
def test_the_error_is_what_statsmodels_gives(lags: int) -> None:
    fitted = sm.OLS(FIRST - SECOND, np.ones(600)).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False}, use_t=True
    )

    found = compare_losses(FIRST, SECOND, lags=lags)

    assert found.difference == pytest.approx(fitted.params[0])
    assert found.p_value == pytest.approx(fitted.pvalues[0])
    assert [found.low, found.high] == pytest.approx(fitted.conf_int()[0].tolist())


@pytest.mark.parametrize("lags", [0, 2])
def test_of_blocks_too_in_whatever_order_they_come(lags: int) -> None:
    day = np.sort(RANDOM.integers(0, 60, size=600))
    day[:60] = np.arange(60)  # Each has a row.
    day = np.sort(day)
    fitted = sm.OLS(FIRST - SECOND, np.ones(600)).fit(
        cov_type="hac-groupsum",
        cov_kwds={"time": day, "maxlags": lags, "use_correction": False},
    )
    shuffled = RANDOM.permutation(600)
    dates = pd.Timestamp("2013-10-01") + pd.to_timedelta(day, unit="D")

    found = compare_losses(
        FIRST[shuffled], SECOND[shuffled], block=dates[shuffled], lags=lags, level=0.9
    )

    assert found.n_blocks == 60
    # Theirs takes the normal distribution, ours Student's: compare the standard errors.
    ours = (found.high - found.low) / 2 / 1.6710930  # t of 59 degrees at 0.95
    assert ours == pytest.approx(fitted.bse[0], rel=1e-6)


@given(st.integers(0, 5), st.floats(-10, 10))
def test_the_other_way_round_it_says_the_opposite(lags: int, shift: float) -> None:
    one = compare_losses(FIRST, SECOND + shift, lags=lags)
    other = compare_losses(SECOND + shift, FIRST, lags=lags)

    assert one.difference == pytest.approx(-other.difference)
    assert one.low == pytest.approx(-other.high)
    assert one.p_value == pytest.approx(other.p_value)
    assert (one.p_value < 0.05) == (not one.low <= 0 <= one.high)


def test_models_equally_good_are_told_apart_no_more_often_than_said() -> None:
    """Where days go together and depend on the day before: a test of rows would err often."""
    random = np.random.default_rng(1)
    day = np.repeat(np.arange(120), 10)
    told, told_by_rows = 0, 0
    for _ in range(300):
        shock = random.normal(size=121)
        gap = np.repeat(shock[1:] + 0.5 * shock[:-1], 10) + random.normal(size=1200)
        told += compare_losses(gap, np.zeros(1200), block=day).p_value < 0.05
        told_by_rows += compare_losses(gap, np.zeros(1200), lags=0).p_value < 0.05

    assert told / 300 < 0.12
    assert told_by_rows / 300 > 0.4


def test_the_lags_grow_slowly_with_the_moments() -> None:
    assert compare_losses(FIRST, SECOND) == compare_losses(FIRST, SECOND, lags=5)
    assert compare_losses(FIRST, SECOND) != compare_losses(FIRST, SECOND, lags=6)


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda: compare_losses([1.0, 2.0], [1.0]), "first has 2 rows, second 1"),
        (lambda: compare_losses([1.0], [2.0]), "there are 1 rows or blocks"),
        (lambda: compare_losses([1.0, np.nan], [1.0, 2.0]), "first has 1 values missing"),
        (lambda: compare_losses([1.0, 2.0], [2.0, 1.0], block=[1, 1]), "there are 1 rows or"),
        (lambda: compare_losses([1.0, 2.0], [2.0, 1.0], block=[1]), "first has 2 rows, block 1"),
        (lambda: compare_losses([1.0, 2.0], [2.0, 3.0]), "there is nothing to test"),
        (lambda: compare_losses([1.0, 2.0], [1.0, 2.0]), "there is nothing to test"),
        (lambda: compare_losses([1.0, 2.0], [2.0, 1.0], lags=-1), "lags is -1"),
        (lambda: compare_losses([1.0, 2.0], [2.0, 1.0], level=95), "level is 95"),
    ],
)
def test_refuses_in_one_line(act: Callable[[], object], says: str) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        act()

    assert "\n" not in str(caught.value)
