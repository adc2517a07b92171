"""Measures of how far predictions lie from what happened."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ropewalk.models.common.arrays import numbers
from ropewalk.models.errors import ModelInputError


def rmse(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    r"""Root mean squared error, in the unit of the target.

    .. math:: \sqrt{\frac{1}{n} \sum_i (y_i - \hat y_i)^2}

    Parameters
    ----------
    actual : array-like of shape (n_rows,)
        What happened, numbers.
    predicted : array-like of shape (n_rows,)
        What was predicted for the same rows, numbers.

    Returns
    -------
    float
        Zero or more; large errors weigh more than in `mae`.

    Raises
    ------
    ModelInputError
        A ValueError: if there are no rows, the lengths differ, or a value is missing or infinite.

    References
    ----------
    .. [1] R. J. Hyndman and A. B. Koehler, "Another look at measures of forecast accuracy",
       International Journal of Forecasting 22 (2006) 679-688.

    Examples
    --------
    >>> rmse([0.0, 0.0], [3.0, -3.0])
    3.0
    """
    errors = _errors(actual, predicted)
    return float(np.sqrt(np.mean(errors**2)))


def mae(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    r"""Mean absolute error, in the unit of the target.

    .. math:: \frac{1}{n} \sum_i |y_i - \hat y_i|

    Parameters
    ----------
    actual : array-like of shape (n_rows,)
        What happened, numbers.
    predicted : array-like of shape (n_rows,)
        What was predicted for the same rows, numbers.

    Returns
    -------
    float
        Zero or more.

    Raises
    ------
    ModelInputError
        A ValueError: if there are no rows, the lengths differ, or a value is missing or infinite.

    References
    ----------
    .. [1] C. J. Willmott and K. Matsuura, "Advantages of the mean absolute error (MAE) over the
       root mean square error (RMSE)", Climate Research 30 (2005) 79-82.

    Examples
    --------
    >>> mae([0.0, 0.0], [1.0, -3.0])
    2.0
    """
    return float(np.mean(np.abs(_errors(actual, predicted))))


def skill(score: float, baseline: float) -> float:
    r"""Percent of a baseline's error that a model does away with.

    .. math:: 100 \left(1 - \frac{s}{s_0}\right)

    Parameters
    ----------
    score : float
        The model's error, such as its `rmse`; lower is better.
    baseline : float
        The baseline's error on the same rows, by the same measure.

    Returns
    -------
    float
        100 is perfect, 0 no better than the baseline, below 0 worse.

    Raises
    ------
    ModelInputError
        A ValueError: if an error is negative, missing or infinite, or the baseline's is zero.

    References
    ----------
    .. [1] A. H. Murphy, "Skill scores based on the mean square error and their relationships to
       the correlation coefficient", Monthly Weather Review 116 (1988) 2417-2424.

    Examples
    --------
    >>> skill(score=30.0, baseline=40.0)
    25.0
    """
    for name, value in (("score", score), ("baseline", baseline)):
        if not np.isfinite(value) or value < 0:
            raise ModelInputError(f"{name} is {value}: an error is a finite number of zero or more")
    if baseline == 0:
        raise ModelInputError("baseline is 0: nothing can be better than a baseline without error")
    return float(100 * (1 - score / baseline))


def _errors(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> npt.NDArray[np.float64]:
    happened, expected = numbers(actual=actual, predicted=predicted)
    return expected - happened
