"""Learn from the past, be judged on what came after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from ropewalk.models.errors import ModelInputError


def time_split(
    times: pd.Series | pd.DatetimeIndex | npt.NDArray[np.datetime64] | Sequence[datetime],
    test_from: str | datetime | np.datetime64,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Split rows at a moment: before it to learn from, from it on to be judged on.

    A random split would let a model learn from rows later than those that it is judged on, and
    look better than it is.

    Parameters
    ----------
    times : array-like of datetime of shape (n_rows,)
        When each row happened; with a time zone or without, in any order.
    test_from : datetime or str
        First moment of the test rows. Without a time zone it is read in that of `times`.

    Returns
    -------
    train : ndarray of intp
        Positions of the rows before `test_from`, ascending.
    test : ndarray of intp
        Positions of the other rows, ascending.

    Raises
    ------
    ModelInputError
        A ValueError: if `times` are no datetimes or one is missing, if `test_from` is no moment
        or has a time zone while `times` have none, or if either side would be empty.

    References
    ----------
    .. [1] R. J. Hyndman and G. Athanasopoulos, "Forecasting: principles and practice", 3rd ed.,
       5.8 "Evaluating point forecast accuracy", OTexts, 2021.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2013-03-02", "2013-03-01", "2013-03-03"])
    >>> train, test = time_split(days, "2013-03-02")
    >>> train.tolist(), test.tolist()
    ([1], [0, 2])
    """
    column = pd.Series(times).reset_index(drop=True)
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise ModelInputError(
            f"times are {column.dtype}: give datetimes, such as pandas.to_datetime makes"
        )
    missing = int(column.isna().sum())
    if missing:
        raise ModelInputError(
            f"{missing} of {len(column)} times are missing: drop those rows before the split"
        )
    moment = _moment(test_from, column)
    later = (column >= moment).to_numpy(dtype=bool)
    train, test = np.flatnonzero(~later), np.flatnonzero(later)
    for side, rows in (("train", train), ("test", test)):
        if rows.size == 0:
            spread = f"from {column.min()} to {column.max()}" if len(column) else "none"
            raise ModelInputError(
                f"no {side} rows when the test starts at {moment}: the times are {spread},"
                " choose a moment among them"
            )
    return train, test


def _moment(test_from: str | datetime | np.datetime64, column: pd.Series) -> pd.Timestamp:
    """Read `test_from` so that it can be compared with the column."""
    try:
        moment = pd.Timestamp(test_from)
    except (TypeError, ValueError) as error:
        raise ModelInputError(
            f"test_from is {test_from!r}: give a date and time, such as '2013-03-25 05:00'"
        ) from error
    if pd.isna(moment):
        raise ModelInputError("test_from is missing: give a date and time")
    zone = column.dt.tz
    if zone is None and moment.tzinfo is not None:
        raise ModelInputError(
            f"test_from {moment} has a time zone and the times have none: leave it out of one,"
            " or give it to both"
        )
    if zone is not None and moment.tzinfo is None:
        return moment.tz_localize(zone)
    return moment
