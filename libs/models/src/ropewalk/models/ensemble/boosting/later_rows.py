"""The rows that boosting is judged on while it grows: later than those it grows from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ropewalk.models.errors import ModelInputError


def later_rows(
    n_rows: int, fraction: float, time: npt.ArrayLike | None = None
) -> npt.NDArray[np.bool]:
    """Mark the latest rows, to be held back while fitting on the others.

    Rows drawn at random would lie among those that the trees know: hours and days around them,
    which no prediction has. Held back at the end they ask what will be asked of the model.

    Parameters
    ----------
    n_rows : int
        Number of rows.
    fraction : float
        Share of the rows to hold back, above 0 and below 1.
    time : array-like of shape (n_rows,), optional
        When each row is from: times or numbers. Without it the rows are in the order of time.
        Rows of the same time stay together.

    Returns
    -------
    ndarray of bool of shape (n_rows,)
        True for the latest rows.

    Raises
    ------
    ModelInputError
        A ValueError: if the fraction is no such share, a time is missing, there are not as many
        as rows, or all rows would be held back.

    Examples
    --------
    >>> later_rows(5, 0.4)
    array([False, False, False,  True,  True])
    >>> later_rows(4, 0.25, time=["2013-03-02", "2013-03-01", "2013-03-02", "2013-03-01"])
    array([ True, False,  True, False])
    """
    if not isinstance(fraction, float) or not 0 < fraction < 1:
        raise ModelInputError(
            f"validation_fraction is {fraction!r}: give a share of the rows, such as 0.1"
        )
    if n_rows < 2:
        raise ModelInputError(
            f"n_samples = {n_rows}: early stopping learns from some rows and holds others back:"
            " give more"
        )
    given: Any = np.arange(n_rows) if time is None else time
    moments = pd.Series(pd.Index(given))
    if len(moments) != n_rows or moments.isna().any():
        raise ModelInputError(
            f"time has {len(moments)} values, {moments.isna().sum()} of them missing:"
            f" give one for each of the {n_rows} rows"
        )
    order = moments.rank(method="dense").to_numpy()
    held_back = max(1, round(n_rows * fraction))
    later: npt.NDArray[np.bool] = order >= np.sort(order)[n_rows - held_back]
    if later.all():
        raise ModelInputError(
            f"all {n_rows} rows are held back for early stopping, as the latest {fraction:.0%} are"
            " of the same time as the rest: give rows of more times, or early_stopping=False"
        )
    return later
