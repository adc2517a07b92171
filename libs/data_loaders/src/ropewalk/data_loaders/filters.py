"""Conditions on rows: what a filter may say, and which rows fulfil it."""

import operator
from collections.abc import Callable, Collection, Mapping
from datetime import date

import numpy as np
import pandas as pd

from ropewalk.data_loaders.check import in_utc
from ropewalk.data_loaders.errors import ColumnError, did_you_mean
from ropewalk.data_loaders.schema import Dtype

Scalar = str | int | float | bool | date
Filter = tuple[str, str, Scalar | Collection[Scalar]]

COMPARISONS: Mapping[str, Callable[..., "pd.Series[bool]"]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda series, allowed: series.isin(list(allowed)),
}

# What a declared column is compared with; a time also with its ISO 8601 text.
_FITTING: Mapping[Dtype, tuple[str, tuple[type, ...]]] = {
    "int64": ("a number", (int, float)),
    "float64": ("a number", (int, float)),
    "string": ("a string", (str,)),
    "bool": ("true or false", (bool,)),
    "datetime": ("a time such as '2013-10-01T00:00Z'", (str, date)),
}


def checked_filter(given: Filter, dtype: Dtype | None) -> Filter:
    """Refuse a filter that can't be meant, and give it with plain Python values.

    Parameters
    ----------
    given : (column, comparison, value)
        What was asked for.
    dtype : Dtype, optional
        The declared type of the column.

    Returns
    -------
    (column, comparison, value)
        The same; a value for a declared time is a Timestamp in UTC.

    Raises
    ------
    ColumnError
        If there is no such comparison, or the value does not fit the column.

    Examples
    --------
    >>> checked_filter(("booked_at", ">", "2013-10-01"), "datetime")
    ('booked_at', '>', Timestamp('2013-10-01 00:00:00+0000', tz='UTC'))
    """
    name, comparison, value = given
    if comparison not in COMPARISONS:
        raise ColumnError(
            f"no comparison '{comparison}' for a filter; {did_you_mean(comparison, COMPARISONS)}"
        )
    several = isinstance(value, Collection) and not isinstance(value, str)
    if several != (comparison == "in"):
        wanted = "a list of values" if comparison == "in" else "one value"
        raise ColumnError(f"filter on '{name}': '{comparison}' takes {wanted}, given {value!r}")
    if isinstance(value, Collection) and not isinstance(value, str):
        return name, comparison, [_plain(name, one, dtype) for one in value]
    return name, comparison, _plain(name, value, dtype)


def fulfilling(frame: pd.DataFrame, condition: Filter) -> pd.DataFrame:
    """Give the rows of a frame that fulfil a filter; a missing value fulfils none.

    Raises
    ------
    ColumnError
        If the column can't be compared with such a value.

    Examples
    --------
    >>> fulfilling(pd.DataFrame({"a": [1.0, None, 2.0]}), ("a", "!=", 1))
         a
    2  2.0
    """
    name, comparison, value = condition
    column = frame[name]
    try:
        # As in SQL: pandas would say that a missing value differs from every other.
        return frame[COMPARISONS[comparison](column, value) & column.notna()]
    except TypeError as error:
        raise ColumnError(
            f"filter on '{name}': a column of {column.dtype} can't be compared by "
            f"'{comparison}' with {value!r}"
        ) from error


def _plain(name: str, value: Scalar, dtype: Dtype | None) -> Scalar:
    if isinstance(value, np.generic):
        value = value.item()
    if pd.isna(value):
        raise ColumnError(f"filter on '{name}': a missing value can't be compared with")
    if dtype is None:
        return value
    told, types = _FITTING[dtype]
    fits = isinstance(value, types) and (dtype == "bool" or not isinstance(value, bool))
    if dtype != "datetime" and fits:
        return value
    time = in_utc(pd.Series([value], dtype=object))[0] if fits else pd.NaT
    if not isinstance(time, pd.Timestamp):
        raise ColumnError(
            f"filter on '{name}', declared {dtype}: compare with {told}, not {value!r}"
        )
    return time
