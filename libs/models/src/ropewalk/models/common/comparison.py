"""Whether one model is better than another, or was lucky."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as student

from ropewalk.models.common.arrays import numbers, same_rows
from ropewalk.models.errors import ModelInputError


class Comparison(NamedTuple):
    """How much the first of two models loses more than the second, and how sure that is.

    Attributes
    ----------
    difference : float
        Mean loss of the first less that of the second: below zero where the first is better.
    low, high : float
        Confidence interval of the difference.
    p_value : float
        How often models that are equally good would differ at least as much by chance.
    n_blocks : int
        Number of rows, or of blocks, that were taken for one moment each.
    """

    difference: float
    low: float
    high: float
    p_value: float
    n_blocks: int


def compare_losses(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    block: npt.ArrayLike | None = None,
    lags: int | None = None,
    level: float = 0.95,
) -> Comparison:
    r"""Compare two models by their losses on the same rows: the test of Diebold and Mariano.

    The losses of a row, such as the squared errors, depend on what the row is, for both models
    alike; their difference does so much less. Its mean is held against its standard error, in
    which moments may depend on those up to `lags` before (Newey and West), and rows of a block
    on each other in any way: their differences are summed to one.

    Parameters
    ----------
    first, second : array-like of float of shape (n_rows,)
        What each model lost by each row: ``(actual - predicted) ** 2``, or any other measure of
        one row. In order of time, if there are no blocks.
    block : array-like of shape (n_rows,), optional
        What sorts rows into moments, such as their day.
    lags : int, optional
        How many moments back a moment depends on others; without it
        :math:`\lfloor 4 (T / 100)^{2/9} \rfloor` of T moments. Zero for none.
    level : float, default=0.95
        Of the confidence interval, between 0 and 1.

    Returns
    -------
    Comparison
        The difference, its interval, and the p value of its being zero.

    Raises
    ------
    ModelInputError
        A ValueError: if lengths differ, a loss is missing or infinite, there are fewer than two
        moments, the losses differ by the same in all of them, `lags` is below zero, or the level
        is not between 0 and 1.

    References
    ----------
    .. [1] F. X. Diebold and R. S. Mariano, "Comparing predictive accuracy", Journal of Business
       & Economic Statistics 13 (1995) 253-263.
    .. [2] W. K. Newey and K. D. West, "Automatic lag selection in covariance matrix estimation",
       Review of Economic Studies 61 (1994) 631-653.
    .. [3] D. Harvey, S. Leybourne and P. Newbold, "Testing the equality of prediction mean
       squared errors", International Journal of Forecasting 13 (1997) 281-291; Student's t.
    .. [4] J. C. Driscoll and A. C. Kraay, "Consistent covariance matrix estimation with spatially
       dependent panel data", Review of Economics and Statistics 80 (1998) 549-560; blocks.

    Examples
    --------
    >>> better, worse = [1.0, 2.0, 1.5, 2.5, 1.0, 2.0], [2.0, 2.5, 3.0, 3.0, 2.0, 2.5]
    >>> difference, low, high, p_value, _ = compare_losses(better, worse)
    >>> round(difference, 3), low < difference < high < 0, p_value < 0.05
    (-0.833, True, True)
    """
    if not 0 < level < 1:
        raise ModelInputError(f"level is {level}: give a share between 0 and 1, such as 0.95")
    ours, theirs = numbers(first=first, second=second)
    difference = float(np.mean(ours - theirs))
    moments: npt.NDArray[np.float64] = ours - theirs - difference
    if block is not None:
        number, _ = pd.factorize(np.asarray(block), sort=True, use_na_sentinel=False)
        same_rows(first=ours, block=number)
        moments = np.bincount(number, weights=moments).astype(np.float64)
    n_blocks = len(moments)
    if n_blocks < 2:
        raise ModelInputError(f"there are {n_blocks} rows or blocks: a test takes two or more")
    if lags is None:
        lags = int(4 * (n_blocks / 100) ** (2 / 9))
    if lags < 0:
        raise ModelInputError(f"lags is {lags}: give 0 or more moments")
    # Weights that fall to zero keep the variance from being negative.
    variance = float(moments @ moments)
    for lag in range(1, min(lags, n_blocks - 1) + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(moments[lag:] @ moments[:-lag])
    error = float(np.sqrt(max(variance, 0.0))) / len(ours)
    if error <= 1e-12 * float(np.max(np.abs(ours - theirs))):
        raise ModelInputError(
            "the losses differ by the same in all rows or blocks: there is nothing to test"
        )
    reach = float(student.ppf((1 + level) / 2, n_blocks - 1) * error)
    p_value = float(2 * student.sf(abs(difference) / error, n_blocks - 1))
    return Comparison(difference, difference - reach, difference + reach, p_value, n_blocks)
