from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mapie.metrics.regression import regression_coverage_score, regression_mwi_score
from sklearn.calibration import calibration_curve
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from ropewalk.models.common import (
    bias,
    calibration_error,
    coverage,
    interval_score,
    mae,
    rmse,
    skill,
)
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


@pytest.mark.parametrize("measure", [rmse, mae, bias])
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


@given(numbers, numbers)
def test_bias_is_what_a_shift_takes_away(
    actual: np.ndarray[tuple[int], np.dtype[np.float64]],
    predicted: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> None:
    shifted = predicted - bias(actual, predicted)

    assert bias(actual, shifted) == pytest.approx(0, abs=1e-6)
    assert rmse(actual, shifted) <= rmse(actual, predicted) * (1 + 1e-9)


@given(numbers, numbers, st.floats(0, 1e6), st.sampled_from([0.5, 0.8, 0.9]))
def test_intervals_are_measured_as_mapie_does(
    actual: np.ndarray[tuple[int], np.dtype[np.float64]],
    centre: np.ndarray[tuple[int], np.dtype[np.float64]],
    reach: float,
    level: float,
) -> None:
    low, high = centre - reach, centre + reach
    both = np.stack([low, high], axis=1)[:, :, np.newaxis]

    assert coverage(actual, low, high) == pytest.approx(regression_coverage_score(actual, both)[0])
    assert interval_score(actual, low, high, level) == pytest.approx(
        # Ends of a million that differ by less than their last digits tell.
        regression_mwi_score(actual, both, level),
        rel=1e-9,
        abs=1e-6,
    )


def test_the_interval_score_is_smallest_at_the_true_quantiles() -> None:
    actual = np.random.default_rng(0).normal(size=20_000)

    scores = {
        reach: interval_score(actual, np.full(20_000, -reach), np.full(20_000, reach), 0.9)
        for reach in (1.0, 1.3, 1.645, 2.0, 2.5)
    }

    assert min(scores, key=scores.__getitem__) == 1.645


def test_calibrated_probabilities_have_a_small_calibration_error_and_shifted_ones_the_shift() -> (
    None
):
    random = np.random.default_rng(0)
    probability = random.uniform(0.2, 0.8, size=50_000)
    happened = random.uniform(size=50_000) < probability

    assert calibration_error(happened, probability) < 0.01
    assert calibration_error(happened, probability + 0.1) == pytest.approx(0.1, abs=0.01)
    share, mean = calibration_curve(happened, probability, n_bins=10, strategy="quantile")
    assert calibration_error(happened, probability) == pytest.approx(
        np.abs(share - mean).mean(), abs=1e-4
    )


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda: coverage([1.0], [2.0], [1.0]), "1 intervals end below where they begin"),
        (lambda: coverage([1.0], [2.0, 3.0], [4.0]), "actual has 1 rows, low 2"),
        (lambda: interval_score([1.0], [0.0], [2.0], 1.0), "level is 1.0"),
        (lambda: calibration_error([0, 1], [0.5, 0.5], n_bins=3), "n_bins is 3"),
        (lambda: calibration_error([0, 2], [0.5, 0.5], n_bins=1), "happened has 1 values"),
        (lambda: calibration_error([0, 1], [0.5, 1.5], n_bins=1), "probability has 1 values"),
    ],
)
def test_further_measures_refuse_in_one_line(act: Callable[[], object], says: str) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        act()

    assert "\n" not in str(caught.value)
