"""Rows of a frame as JSON and back, by the types that a schema declares."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from ropewalk.models.errors import ModelInputError, reason

# What a schema's x-dtype is in pandas. Times are kept in UTC.
_PANDAS_DTYPES = {
    "int64": "int64",
    "float64": "float64",
    "string": "str",
    "bool": "bool",
    "datetime": "datetime64[us, UTC]",
}

# What JSON gives for each. Listed by exact type: to Python, True is an int as well.
_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "int64": (int,),
    "float64": (int, float),
    "string": (str,),
    "bool": (bool,),
    "datetime": (str,),
}


def frame_to_rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Write each row as a mapping that JSON can hold.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        Numbers, booleans, text and times.

    Returns
    -------
    list of dict
        A missing value is None, a time ISO 8601 text.

    Examples
    --------
    >>> import pandas as pd
    >>> at = pd.to_datetime(["2013-10-01T05:00Z"])
    >>> frame_to_rows(pd.DataFrame({"at": at, "wind": [float("nan")]}))
    [{'at': '2013-10-01T05:00:00+00:00', 'wind': None}]
    """
    columns = {
        str(name): [_plain(value) for value in column.tolist()] for name, column in frame.items()
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def rows_to_frame(
    rows: Sequence[Mapping[str, object]], schema: Mapping[str, object]
) -> pd.DataFrame:
    """Read rows as JSON gives them into the columns of a schema.

    Parameters
    ----------
    rows : sequence of mapping
        One mapping a row; None is a missing value.
    schema : mapping
        JSON Schema of one row, with the `x-dtype` of each property.

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)
        The schema's columns, in its order and of its types.

    Raises
    ------
    ModelInputError
        A ValueError: if a row lacks a column, a value is not of its type, or the schema declares
        no column or no type that is known.

    Examples
    --------
    >>> schema = {"properties": {"wind": {"x-dtype": "float64"}}}
    >>> rows_to_frame([{"wind": 3}, {"wind": None}], schema)["wind"].tolist()
    [3.0, nan]
    """
    columns = {}
    for name, dtype in dtypes(schema).items():
        given = [_value(number, row, name, dtype) for number, row in enumerate(rows)]
        columns[name] = _cast(name, pd.Series(given, dtype=object), dtype)
    return pd.DataFrame(columns)


def cast_frame(frame: pd.DataFrame, schema: Mapping[str, object]) -> pd.DataFrame:
    """Give the columns of a frame the types that a schema declares.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        The schema's columns; a time without a zone is taken as UTC.
    schema : mapping
        JSON Schema of one row, with the `x-dtype` of each property.

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)
        The columns, of its types.

    Raises
    ------
    ModelInputError
        A ValueError: if a value is not of its type, or the schema declares no column or no type
        that is known.

    Examples
    --------
    >>> schema = {"properties": {"at": {"x-dtype": "datetime"}}}
    >>> cast_frame(pd.DataFrame({"at": pd.to_datetime(["2013-10-01T05:00"])}), schema)["at"][0]
    Timestamp('2013-10-01 05:00:00+0000', tz='UTC')
    """
    columns = {
        name: _cast(name, frame[name], dtype)
        for name, dtype in dtypes(schema).items()
        if name in frame.columns
    }
    return frame.assign(**columns)


def dtypes(schema: Mapping[str, object]) -> dict[str, str]:
    """Give the declared type of each column.

    Parameters
    ----------
    schema : mapping
        JSON Schema of one row, with the `x-dtype` of each property.

    Raises
    ------
    ModelInputError
        A ValueError: if it declares no column, or no type that is known.

    Examples
    --------
    >>> dtypes({"properties": {"wind": {"x-dtype": "float64"}}})
    {'wind': 'float64'}
    """
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not properties:
        raise ModelInputError("the schema has no properties: declare at least one column")
    declared = {}
    for name, field in properties.items():
        dtype = field.get("x-dtype") if isinstance(field, Mapping) else None
        if not isinstance(dtype, str) or dtype not in _PANDAS_DTYPES:
            raise ModelInputError(
                f"the schema's {name!r} has x-dtype {dtype!r}: use one of"
                f" {', '.join(_PANDAS_DTYPES)}"
            )
        declared[name] = dtype
    return declared


def _cast(name: str, values: pd.Series, dtype: str) -> pd.Series:
    try:
        if dtype == "datetime":
            values = pd.to_datetime(values, utc=True, format="ISO8601")
        return values.astype(pd.api.types.pandas_dtype(_PANDAS_DTYPES[dtype]))
    except (TypeError, ValueError, OverflowError) as error:
        raise ModelInputError(
            f"column {name!r} holds a value that is no {dtype} ({reason(error)})"
        ) from error


def _value(number: int, row: Mapping[str, object], name: str, dtype: str) -> object:
    if not isinstance(row, Mapping) or name not in row:
        raise ModelInputError(f"row {number} has no {name!r}: give every column, null if missing")
    value = row[name]
    if value is not None and type(value) not in _JSON_TYPES[dtype]:
        raise ModelInputError(f"row {number}: {name!r} is {value!r}, and must be {dtype}")
    return value


def _plain(value: object) -> object:
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.isoformat() if isinstance(value, pd.Timestamp) else value
