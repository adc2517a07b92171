from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ropewalk.models.ensemble.boosting.later_rows import later_rows
from ropewalk.models.errors import ModelInputError

DAYS = pd.to_datetime(["2013-01-03", "2013-01-01", "2013-01-03", "2013-01-02"])


@pytest.mark.parametrize(("fraction", "expected"), [(0.01, 1), (0.1, 10), (0.5, 50), (0.99, 99)])
def test_holds_back_the_share_at_the_end(fraction: float, expected: int) -> None:
    later = later_rows(100, fraction)

    assert later[-expected:].all()
    assert not later[:-expected].any()


@pytest.mark.parametrize("time", [DAYS, DAYS.tz_localize("UTC"), pd.Series(DAYS), [3, 1, 3, 2]])
def test_rows_of_one_time_stay_together(time: pd.DatetimeIndex) -> None:
    assert later_rows(4, 0.25, time).tolist() == [True, False, True, False]
    assert later_rows(4, 0.75, time).tolist() == [True, False, True, True]


def test_whole_numbers_too_large_for_floats_keep_their_order() -> None:
    big = 2**60

    assert later_rows(3, 0.3, np.array([big + 1, big, big + 2])).tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("fraction", "time", "says"),
    [
        (0.0, None, "validation_fraction is 0.0"),
        (1.0, None, "validation_fraction is 1.0"),
        (10, None, "validation_fraction is 10"),
        (0.1, [1, 2], "time has 2 values, 0 of them missing"),
        (0.1, [1, 2, None, 4], "time has 4 values, 1 of them missing"),
        (0.1, DAYS.where(DAYS > DAYS[1]), "time has 4 values, 1 of them missing"),
        (0.1, ["2013-01-01"] * 4, "all 4 rows are held back"),
    ],
)
def test_refuses_in_one_line(fraction: float, time: Any, says: str) -> None:
    with pytest.raises(ModelInputError, match=says) as caught:
        later_rows(4, fraction, time)

    assert "\n" not in str(caught.value)


def test_one_row_can_not_be_parted() -> None:
    with pytest.raises(ModelInputError, match="n_samples = 1: early stopping"):
        later_rows(1, 0.5)
