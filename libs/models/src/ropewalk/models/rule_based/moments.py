"""When rows are from, and where in a period that is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ropewalk.models.common.names import hint
from ropewalk.models.errors import ModelInputError, ModelTypeError

_START = pd.Timestamp(0).as_unit("us")


def clock(X: object, time: str, timezone: str) -> pd.Series:
    """Read what the clocks of a zone show at each row's time.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_columns)
        Rows.
    time : str
        A column of times; those without a zone are taken as UTC.
    timezone : str
        A zone, such as ``"America/New_York"``.

    Returns
    -------
    Series of datetime64[us] of shape (n_rows,)
        Times without a zone, NaT where one is missing; numbered from 0.

    Raises
    ------
    ModelInputError
        A ValueError: if there is no such column or no such zone.
    ModelTypeError
        A TypeError: if the rows are no frame, or the column holds no times.

    Examples
    --------
    >>> flights = pd.DataFrame({"at": pd.to_datetime(["2013-07-01T12:00Z"])})
    >>> clock(flights, "at", "America/New_York").tolist()
    [Timestamp('2013-07-01 08:00:00')]
    """
    if not isinstance(X, pd.DataFrame):
        raise ModelTypeError(
            f"time is {time!r} but the rows are {type(X).__name__}: give a DataFrame"
        )
    if time not in X.columns:
        raise ModelInputError(f"time column {time!r} is not in the frame: {hint(time, X.columns)}")
    column = X[time].reset_index(drop=True)
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise ModelTypeError(
            f"time column {time!r} is {column.dtype}: make times of it, as with pd.to_datetime"
        )
    times = column.dt.tz_localize("UTC") if column.dt.tz is None else column
    try:
        shown = times.dt.tz_convert(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise ModelInputError(
            f"timezone is {timezone!r}, which is not known: give a name such as 'America/New_York'"
        ) from error
    clocks: pd.Series = shown.dt.tz_localize(None).dt.as_unit("us")
    return clocks


def season(period: str, step: str) -> tuple[pd.Timedelta, pd.Timedelta]:
    """Read a period and the steps that it is made of.

    Parameters
    ----------
    period, step : str
        Lengths of time, as pandas reads them: ``"7D"``, ``"1h"``.

    Returns
    -------
    period, step : Timedelta
        Their lengths.

    Raises
    ------
    ModelInputError
        A ValueError: if one is no length of time, or the period is not a number of whole steps.

    Examples
    --------
    >>> season("7D", "1h")
    (Timedelta('7 days 00:00:00'), Timedelta('0 days 01:00:00'))
    """
    lengths = []
    for name, given in (("period", period), ("step", step)):
        try:
            length = pd.Timedelta(given)
        except (TypeError, ValueError) as error:
            raise ModelInputError(
                f"{name} is {given!r}, which is no length of time: give one such as '7D' or '1h'"
            ) from error
        lengths.append(length)
    whole, part = lengths
    nothing = pd.Timedelta(0)
    if not (part > nothing and whole > nothing and whole % part == nothing):
        raise ModelInputError(
            f"period is {period!r} and step {step!r}: give a period of one or more whole steps"
        )
    return whole, part


def places(moment: pd.Series, period: pd.Timedelta, step: pd.Timedelta) -> npt.NDArray[np.float64]:
    """Tell which step of the period each moment is in.

    Parameters
    ----------
    moment : Series of datetime64 of shape (n_rows,)
        Times without a zone.
    period, step : Timedelta
        As `season` gives them.

    Returns
    -------
    ndarray of float64 of shape (n_rows,)
        Whole numbers from 0; NaN where the time is missing.

    Examples
    --------
    >>> sundays = pd.Series(pd.to_datetime(["2013-07-07T03:59", "2013-07-14T03:00"]))
    >>> places(sundays, *season("7D", "1h"))
    array([75., 75.])
    """
    passed = (moment - _START) // step
    return np.asarray(passed % (period // step), dtype=np.float64)
