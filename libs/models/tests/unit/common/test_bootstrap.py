from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import norm

from ropewalk.models.common import bootstrap_interval, mae, rmse, skill
from ropewalk.models.errors import ModelError

RANDOM = np.random.default_rng(0)
ACTUAL = RANDOM.normal(size=500)
PREDICTED = ACTUAL + RANDOM.normal(size=500)


def test_an_interval_of_a_mean_is_that_of_the_textbook() -> None:
    low, high = bootstrap_interval(lambda x: float(x.mean()), ACTUAL, random_state=0)

    error = ACTUAL.std(ddof=1) / np.sqrt(500)
    assert low == pytest.approx(ACTUAL.mean() + norm.ppf(0.025) * error, abs=0.15 * error)
    assert high == pytest.approx(ACTUAL.mean() + norm.ppf(0.975) * error, abs=0.15 * error)


def test_rows_stay_together_across_the_columns() -> None:
    """A model that predicts each row exactly has no error in any draw."""
    assert bootstrap_interval(rmse, ACTUAL, ACTUAL, random_state=0) == (0.0, 0.0)


def test_blocks_of_rows_that_say_the_same_are_as_wide_as_one_row_each() -> None:
    day = np.repeat(np.arange(50), 40)
    actual = np.zeros(2000)
    predicted = np.repeat(RANDOM.normal(size=50), 40)  # The error is the day's.
    shuffled = RANDOM.permutation(2000)

    low, high = bootstrap_interval(
        mae, actual, predicted[shuffled], block=day[shuffled], random_state=0
    )
    once = bootstrap_interval(mae, actual[::40], predicted[::40], random_state=0)
    rows = bootstrap_interval(mae, actual, predicted, random_state=0)

    assert high - low == pytest.approx(once[1] - once[0], rel=0.1)
    assert high - low > 4 * (rows[1] - rows[0])


def test_holds_the_true_value_as_often_as_asked() -> None:
    random = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        error_of_day = np.repeat(random.normal(size=40), 5) + random.normal(size=200)
        low, high = bootstrap_interval(
            lambda x: float(x.mean()),
            error_of_day,
            block=np.repeat(np.arange(40), 5),
            level=0.9,
            n_resamples=199,
            random_state=random,
        )
        held += low <= 0 <= high

    assert 0.84 <= held / 200 <= 0.95


def test_the_same_random_state_gives_the_same_and_another_does_not() -> None:
    one, same, other = (
        bootstrap_interval(rmse, ACTUAL, PREDICTED, random_state=seed) for seed in (1, 1, 2)
    )

    assert one == same
    assert one != other


def test_takes_the_skill_over_a_naive_model() -> None:
    def gain(actual: object, model: object, naive: object) -> float:
        return skill(rmse(actual, model), rmse(actual, naive))  # type: ignore[arg-type]

    naive = ACTUAL + 2 * RANDOM.normal(size=500)

    low, high = bootstrap_interval(gain, ACTUAL, PREDICTED, naive, random_state=0)

    assert 0 < low < gain(ACTUAL, PREDICTED, naive) < high < 100


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda: bootstrap_interval(rmse, [1.0, 2.0], [1.0]), "column 1 has 2 rows, column 2 1"),
        (lambda: bootstrap_interval(rmse, [1.0], [1.0]), "there are 1 rows or blocks"),
        (lambda: bootstrap_interval(rmse, [1, 2], [1, 2], block=["a", "a"]), "1 rows or blocks"),
        (
            lambda: bootstrap_interval(rmse, [1, 2], [1, 2], block=["a"]),
            "columns has 2 rows, block",
        ),
        (lambda: bootstrap_interval(rmse, [1, 2], [1, 2], level=95), "level is 95"),
    ],
)
def test_refuses_in_one_line(act: Callable[[], object], says: str) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        act()

    assert "\n" not in str(caught.value)
