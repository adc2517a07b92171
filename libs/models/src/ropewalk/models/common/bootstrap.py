"""How far a measure would move, had other rows been drawn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import bootstrap

from ropewalk.models.common.arrays import same_rows
from ropewalk.models.errors import ModelInputError


def bootstrap_interval(
    metric: Callable[..., float],
    *columns: npt.ArrayLike,
    block: npt.ArrayLike | None = None,
    level: float = 0.95,
    n_resamples: int = 999,
    random_state: int | np.random.Generator | None = None,
) -> tuple[float, float]:
    """Give the confidence interval of any measure, by drawing rows or whole blocks of them.

    Rows that depend on each other, such as the flights of a day on its weather, tell less than
    as many that don't: drawing whole days keeps that, drawing rows makes the interval too narrow.

    Parameters
    ----------
    metric : callable
        Takes the columns and returns a number: `rmse`, or a function of `skill`.
    *columns : array-like of shape (n_rows, ...)
        What it takes, in its order.
    block : array-like of shape (n_rows,), optional
        Which rows belong together, such as their day; without it each row stands alone.
    level : float, default=0.95
        How often such an interval holds the true value, between 0 and 1.
    n_resamples : int, default=999
        Number of draws.
    random_state : int or Generator, optional
        For the draws.

    Returns
    -------
    low, high : float
        The percentiles of the measure over the draws.

    Raises
    ------
    ModelInputError
        A ValueError: if lengths differ, there are fewer than two rows or blocks, or the level is
        not between 0 and 1.

    References
    ----------
    .. [1] B. Efron and R. J. Tibshirani, "An introduction to the bootstrap", Chapman & Hall,
       1993; percentile intervals: chapter 13.
    .. [2] A. C. Davison and D. V. Hinkley, "Bootstrap methods and their application", Cambridge
       University Press, 1997; blocks: 3.8 and 8.2.

    Examples
    --------
    >>> import numpy as np
    >>> from ropewalk.models.common import mae
    >>> low, high = bootstrap_interval(mae, np.zeros(100), np.arange(100.0), random_state=0)
    >>> bool(43 < low < 49.5 < high < 56)
    True
    """
    if not 0 < level < 1:
        raise ModelInputError(f"level is {level}: give a share between 0 and 1, such as 0.95")
    arrays = [np.asarray(column) for column in columns]
    same_rows(**{f"column {place}": array for place, array in enumerate(arrays, start=1)})
    rows = _blocks(len(arrays[0]), block)
    if len(rows) < 2:
        raise ModelInputError(
            f"there are {len(rows)} rows or blocks to draw from: a bootstrap takes two or more"
        )

    def measured(drawn: npt.NDArray[np.intp]) -> float:
        chosen = drawn if block is None else np.concatenate([rows[place] for place in drawn])
        return metric(*(array[chosen] for array in arrays))

    drawn = bootstrap(
        (np.arange(len(rows)),),
        measured,
        vectorized=False,
        n_resamples=n_resamples,
        # Draws are held this many at a time: of many rows, all at once would fill the memory.
        batch=max(1, 10**6 // len(rows)),
        confidence_level=level,
        method="percentile",
        rng=np.random.default_rng(random_state),
    )
    return float(drawn.confidence_interval.low), float(drawn.confidence_interval.high)


def _blocks(
    n_rows: int, block: npt.ArrayLike | None
) -> npt.NDArray[np.intp] | list[npt.NDArray[np.intp]]:
    """Give the rows of each block; without blocks, the rows."""
    if block is None:
        return np.arange(n_rows)
    number, _ = pd.factorize(np.asarray(block), use_na_sentinel=False)
    same_rows(columns=np.empty(n_rows), block=number)
    order = np.argsort(number, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(number[order])) + 1)
