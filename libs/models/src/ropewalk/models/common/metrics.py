"""Measures of how far predictions lie from what happened, beyond those of scikit-learn."""

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


def bias(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    r"""Mean of predicted less actual, in the unit of the target.

    .. math:: \frac{1}{n} \sum_i (\hat y_i - y_i)

    Parameters
    ----------
    actual : array-like of shape (n_rows,)
        What happened, numbers.
    predicted : array-like of shape (n_rows,)
        What was predicted for the same rows, numbers.

    Returns
    -------
    float
        Above zero where predictions are too high on average.

    Raises
    ------
    ModelInputError
        A ValueError: if there are no rows, the lengths differ, or a value is missing or infinite.

    References
    ----------
    .. [1] A. H. Murphy, "Skill scores based on the mean square error and their relationships to
       the correlation coefficient", Monthly Weather Review 116 (1988) 2417-2424.

    Examples
    --------
    >>> bias([0.0, 0.0], [1.0, -3.0])
    -1.0
    """
    return float(np.mean(_errors(actual, predicted)))


def coverage(actual: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> float:
    """Share of outcomes inside their interval, ends included.

    Parameters
    ----------
    actual : array-like of shape (n_rows,)
        What happened, numbers.
    low, high : array-like of shape (n_rows,)
        The ends of each row's interval.

    Returns
    -------
    float
        Between 0 and 1: the level that was asked for, if the intervals are honest.

    Raises
    ------
    ModelInputError
        A ValueError: if there are no rows, the lengths differ, a value is missing or infinite, or
        an interval ends below where it begins.

    References
    ----------
    .. [1] T. Gneiting, F. Balabdaoui and A. E. Raftery, "Probabilistic forecasts, calibration and
       sharpness", Journal of the Royal Statistical Society B 69 (2007) 243-268.

    Examples
    --------
    >>> coverage([1.0, 5.0, 9.0, 6.5], low=[0.0] * 4, high=[4.0, 5.0, 6.0, 7.0])
    0.75
    """
    happened, lowest, highest = _intervals(actual, low, high)
    return float(np.mean((happened >= lowest) & (happened <= highest)))


def interval_score(
    actual: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike, level: float
) -> float:
    r"""Winkler's score of intervals: their mean width, and a fine for each outcome outside.

    .. math:: \frac{1}{n} \sum_i (u_i - l_i)
       + \frac{2}{\alpha} (l_i - y_i)_+ + \frac{2}{\alpha} (y_i - u_i)_+,
       \quad \alpha = 1 - level

    Coverage alone is had by wide intervals, width alone by narrow ones; the true quantiles make
    this the smallest.

    Parameters
    ----------
    actual : array-like of shape (n_rows,)
        What happened, numbers.
    low, high : array-like of shape (n_rows,)
        The ends of each row's interval.
    level : float
        How often the outcome was to be inside, between 0 and 1.

    Returns
    -------
    float
        In the unit of the target; lower is better.

    Raises
    ------
    ModelInputError
        A ValueError: if the level is not between 0 and 1, or as in `coverage`.

    References
    ----------
    .. [1] R. L. Winkler, "A decision-theoretic approach to interval estimation", Journal of the
       American Statistical Association 67 (1972) 187-191.
    .. [2] T. Gneiting and A. E. Raftery, "Strictly proper scoring rules, prediction, and
       estimation", Journal of the American Statistical Association 102 (2007) 359-378.

    Examples
    --------
    >>> interval_score([1.0, 5.0], low=[0.0, 0.0], high=[4.0, 4.0], level=0.5)
    6.0
    """
    if not 0 < level < 1:
        raise ModelInputError(f"level is {level}: give a share between 0 and 1, such as 0.9")
    happened, lowest, highest = _intervals(actual, low, high)
    outside = np.maximum(lowest - happened, 0) + np.maximum(happened - highest, 0)
    return float(np.mean(highest - lowest + 2 / (1 - level) * outside))


def calibration_error(
    happened: npt.ArrayLike, probability: npt.ArrayLike, n_bins: int = 10
) -> float:
    r"""How far probabilities lie from how often it then happened, on average.

    Rows are sorted by their probability and parted into bins of equal number; in each, the mean
    probability :math:`p_b` is held against the share :math:`s_b` of rows in which it happened.

    .. math:: \sum_b \frac{n_b}{n} |p_b - s_b|

    Parameters
    ----------
    happened : array-like of bool of shape (n_rows,)
        Whether it did: 0 or 1, False or True.
    probability : array-like of float of shape (n_rows,)
        Of its happening.
    n_bins : int, default=10
        Number of bins. Equal probabilities may be in two.

    Returns
    -------
    float
        Between 0 and 1; what chance alone makes of it falls with the square root of the rows.

    Raises
    ------
    ModelInputError
        A ValueError: if there are fewer rows than bins, the lengths differ, or a value is neither
        what happens nor a probability.

    References
    ----------
    .. [1] M. P. Naeini, G. F. Cooper and M. Hauskrecht, "Obtaining well calibrated probabilities
       using Bayesian binning", AAAI Conference on Artificial Intelligence (2015) 2901-2907.
    .. [2] K. Nguyen and B. O'Connor, "Posterior calibration and exploratory analysis for natural
       language processing models", EMNLP (2015) 1587-1598; bins of equal number.

    Examples
    --------
    >>> calibration_error([0, 0, 1, 1], [0.0, 0.25, 0.75, 0.75], n_bins=2)
    0.1875
    """
    did, given = numbers(happened=happened, probability=probability)
    if not 1 <= n_bins <= len(did):
        raise ModelInputError(f"n_bins is {n_bins}: give a number from 1 to {len(did)}, the rows")
    for name, wrong, right in (
        ("happened", (did != 0) & (did != 1), "0 or 1"),
        ("probability", (given < 0) | (given > 1), "a number from 0 to 1"),
    ):
        if wrong.any():
            raise ModelInputError(f"{name} has {int(wrong.sum())} values that are not {right}")
    gaps = (given - did)[np.argsort(given, kind="stable")]
    return float(sum(abs(part.sum()) for part in np.array_split(gaps, n_bins)) / len(gaps))


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


def _intervals(
    actual: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike
) -> list[npt.NDArray[np.float64]]:
    columns = numbers(actual=actual, low=low, high=high)
    if crossed := int(np.count_nonzero(columns[1] > columns[2])):
        raise ModelInputError(f"{crossed} intervals end below where they begin: sort their ends")
    return columns
