from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from ropewalk.models.common import mae, rmse, skill
from ropewalk.models.errors import ModelError

numbers = arrays(np.float64, 5, elements=st.floats(-1e6, 1e6).map(lambda x: round(x, 6)))


@given(numbers, numbers)
def test_agrees_with_scikit_learn(
    actual: np.ndarray[tuple[int], np.dtype[np.float64]],
    predicted: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> None:
    assert rmse(actual, predicted) == pytest.approx(root_mean_squared_error(actual, predicted))
    assert mae(actual, predicted) == pytest.approx(mean_absolute_error(actual, predicted))
    assert mae(actual, predicted) <= rmse(actual, predicted) * (1 + 1e-12)


@pytest.mark.parametrize("measure", [rmse, mae])
@pytest.mark.parametrize(
    ("actual", "predicted", "says"),
    [
        ([], [], "actual has no rows"),
        ([1.0], [1.0, 2.0], "actual has 1 rows, predicted 2"),
        ([1.0, np.nan], [1.0, 2.0], "actual has 1 values missing"),
        ([1.0, 2.0], [np.inf, np.nan], "predicted has 2 values missing"),
        ([[1.0], [2.0]], [1.0, 2.0], "actual has shape"),
    ],
)
def test_refuses_what_it_cannot_measure(
    measure: type[object], actual: list[float], predicted: list[float], says: str
) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        measure(actual, predicted)  # type: ignore[call-arg]

    assert isinstance(caught.value, ModelError)
    assert "\n" not in str(caught.value)


def test_skill_is_percent_of_the_baseline_error_done_away_with() -> None:
    assert skill(0.0, 2.0) == 100
    assert skill(2.0, 2.0) == 0
    assert skill(3.0, 2.0) == -50


@pytest.mark.parametrize(
    ("score", "baseline", "says"),
    [
        (1.0, 0.0, "baseline is 0"),
        (-1.0, 1.0, "score is -1"),
        (np.nan, 1.0, "score is nan"),
        (1.0, np.inf, "baseline is inf"),
    ],
)
def test_skill_refuses_what_is_no_error(score: float, baseline: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        skill(score, baseline)
