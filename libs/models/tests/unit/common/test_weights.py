from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ropewalk.models.common.weights import checked_weights


def test_gives_each_row_one_without_any() -> None:
    assert checked_weights(None, 3).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("weight", [[2, 0], (True, False), np.array([2.0, 0.0])])
def test_takes_whatever_is_like_an_array(weight: npt.ArrayLike) -> None:
    assert checked_weights(weight, 2).tolist() == [float(value) for value in np.asarray(weight)]


@pytest.mark.parametrize("weight", [[1.0], [[1.0], [1.0]], [1.0, -1.0], [0.0, 0.0]])
def test_refuses_in_one_line(weight: npt.ArrayLike) -> None:
    with pytest.raises(ValueError, match="give each of the 2 rows zero or more") as caught:
        checked_weights(weight, 2)

    assert "\n" not in str(caught.value)


def test_refuses_a_missing_weight() -> None:
    with pytest.raises(ValueError, match="sample_weight contains NaN"):
        checked_weights([1.0, np.nan], 2)
