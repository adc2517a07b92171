"""Values as text, so that a saved model compares them as the fitted one did."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from ropewalk.models.errors import ModelTypeError


def as_text(column: pd.Series) -> pd.Series:
    """Write each value of a column as text, whatever its dtype.

    Parameters
    ----------
    column : Series of shape (n_rows,)
        Any dtype. 1 and 1.0 give the same text: a column of whole numbers turns float at its
        first missing value.

    Returns
    -------
    Series of object of shape (n_rows,)
        Text, and NaN where a value is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> as_text(pd.Series(["JFK", None])).tolist(), as_text(pd.Series([1, 2])).tolist()
    (['JFK', nan], ['1.0', '2.0'])
    """
    dtype = column.dtype
    values = dtype.categories.dtype if isinstance(dtype, pd.CategoricalDtype) else dtype
    numeric = pd.api.types.is_numeric_dtype(values)
    known = column.notna()
    text = column[known].astype("float64") if numeric else column[known]
    written = pd.Series(float("nan"), index=range(len(column)), dtype=object)
    written[known.to_numpy()] = text.astype(str).astype(object).to_numpy()
    return written


def plain_text(value: object) -> str | None:
    """Write a plain value as `as_text` writes it in a column of its own.

    Parameters
    ----------
    value : object
        Text, a number or a boolean; None or NaN is missing.

    Returns
    -------
    str or None
        The text, None if it is missing.

    Raises
    ------
    ModelTypeError
        A TypeError: if it is a time, whose text depends on those beside it.

    Examples
    --------
    >>> plain_text("JFK"), plain_text(1), plain_text(None)
    ('JFK', '1.0', None)
    """
    if isinstance(value, str):
        return value
    if value is None or value != value:
        return None
    if isinstance(value, float | int | np.number | np.bool_):
        return str(float(value))
    if isinstance(value, date | np.datetime64):
        raise ModelTypeError(f"{value!r} is a time: give text or numbers")
    return str(value)
