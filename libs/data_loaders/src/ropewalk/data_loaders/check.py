"""Hold a frame against its declared schema: types first, then rules, by pandera."""

from functools import lru_cache
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandas.api.types import infer_dtype
from pandera.errors import SchemaErrors

from ropewalk.data_loaders.errors import SchemaError
from ropewalk.data_loaders.schema import PANDAS_DTYPES, Column, Schema

SHOWN_VALUES = 3
SHOWN_CHARACTERS = 60
# Databases without booleans give 0 and 1 (0.0 and 1.0 beside missing ones), text files the words.
_BOOLS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}


def conform(frame: pd.DataFrame, schema: Schema, where: str) -> pd.DataFrame:
    """Give a frame its declared types and check it.

    Parameters
    ----------
    frame : DataFrame
        Rows of one read, all of whose columns `schema` declares; the index says which rows.
    schema : Schema
        What was declared.
    where : str
        The source, for the error.

    Returns
    -------
    DataFrame
        The same rows, with the declared dtypes.

    Raises
    ------
    SchemaError
        If a value can't be of its declared type or breaks a rule; the message names the column,
        the rule, how many values break it and the first rows.

    Examples
    --------
    >>> schema = Schema.model_validate({"columns": {"a": {"dtype": "bool"}}})
    >>> conform(pd.DataFrame({"a": [1, 0]}), schema, "some.csv")["a"].to_list()
    [True, False]
    """
    declared = {name: schema.columns[name] for name in frame.columns}
    conformed = pd.DataFrame(
        {name: _with_type(frame[name], column, where) for name, column in declared.items()},
        index=frame.index,
    )
    try:
        _rules(tuple(declared.items())).validate(conformed, lazy=True)
    except SchemaErrors as errors:
        raise SchemaError(_told(errors, declared, where)) from errors
    return conformed


def in_utc(series: "pd.Series[Any]") -> "pd.Series[Any]":
    """Turn times, and text that is ISO 8601, into times in UTC; other values become missing.

    Parameters
    ----------
    series : Series
        Times without a zone count as UTC.

    Returns
    -------
    Series of datetime64[ns or us, UTC]
        One time a value.

    Examples
    --------
    >>> in_utc(pd.Series(["2013-01-01T02:00+02:00", "now"])).to_list()
    [Timestamp('2013-01-01 00:00:00+0000', tz='UTC'), NaT]
    """
    # A bare number is an epoch in one tool and a year in another: only text and times.
    fitting = ("string", "datetime64", "datetime", "date")
    times = series if infer_dtype(series, skipna=True) in fitting else _text(series)
    # These two words would ask the clock.
    times = times.mask(times.isin(["now", "today"]))
    return pd.to_datetime(times, utc=True, errors="coerce", format="ISO8601")


def _with_type(series: "pd.Series[Any]", column: Column, where: str) -> "pd.Series[Any]":
    dtype = PANDAS_DTYPES[column.dtype]
    if series.dtype == dtype:
        return series
    turned = _turned(series, column)
    wrong = turned.isna() & series.notna()
    if column.dtype == "int64":
        # Beyond 64 bits a cast would give some other number.
        wrong |= turned.notna() & ((turned % 1 != 0) | (turned >= 2**63) | (turned < -(2**63)))
    if wrong.any():
        raise SchemaError(
            f"{where}: column '{series.name}' is declared {column.dtype}, but "
            f"{_rows(series[wrong])}: correct the data or the declared dtype"
        )
    missing = turned.isna()
    if column.dtype in ("int64", "bool") and missing.any():
        advice = "float64" if column.dtype == "int64" else "string"
        raise SchemaError(
            f"{where}: column '{series.name}' is declared {column.dtype}, which can't be missing, "
            f"but {_rows(series[missing])}: correct the data or declare {advice}, nullable"
        )
    return turned.astype(pd.api.types.pandas_dtype(dtype))


def _turned(series: "pd.Series[Any]", column: Column) -> "pd.Series[Any]":
    """Turn values into the declared type; what can't be turned becomes missing."""
    kind = infer_dtype(series, skipna=True)
    match column.dtype:
        case "string":
            if kind in ("bytes", "mixed"):
                series = series.where(series.map(lambda value: not isinstance(value, bytes)))
            return _text(series)
        case "bool":
            return series.astype(str).str.lower().map(_BOOLS)
        case "datetime":
            return in_utc(series)
        case _:
            # True is no number, though Python takes it for one.
            number = _text(series) if kind == "boolean" else series
            return pd.to_numeric(number, errors="coerce")


def _text(series: "pd.Series[Any]") -> "pd.Series[Any]":
    return series.where(series.isna(), series.astype(str)).astype("str")


# The rules of a schema, made once and not per chunk.
@lru_cache(maxsize=64)
def _rules(columns: tuple[tuple[str, Column], ...]) -> pa.DataFrameSchema:
    rules = {}
    for name, column in columns:
        checks = []
        if column.minimum is not None:
            checks.append(pa.Check.ge(column.minimum))
        if column.maximum is not None:
            checks.append(pa.Check.le(column.maximum))
        if column.categories is not None:
            checks.append(pa.Check.isin(column.categories))
        rules[name] = pa.Column(checks=checks, nullable=column.nullable)
    return pa.DataFrameSchema(rules)


def _told(errors: SchemaErrors, declared: dict[str, Column], where: str) -> str:
    cases = errors.failure_cases
    first = cases.iloc[0]
    name = str(first["column"])
    same = cases[(cases["column"] == first["column"]) & (cases["check"] == first["check"])]
    column = declared[name]
    if first["check"] == "not_nullable":
        rule = "declared without missing values (add nullable: true to allow them)"
    elif column.categories is not None:
        rule = f"declared as one of {', '.join(column.categories[:10])}"
    else:
        low = "" if column.minimum is None else f" from {column.minimum:g}"
        high = "" if column.maximum is None else f" to {column.maximum:g}"
        rule = f"declared{low}{high}"
    broken = pd.Series(same["failure_case"].to_numpy(), index=same["index"].to_numpy())
    rules = len(cases.drop_duplicates(["column", "check"]))
    more = f" (rules broken in all: {rules})" if rules > 1 else ""
    return f"{where}: column '{name}' is {rule}, but {_rows(broken)}{more}"


def _rows(values: "pd.Series[Any]") -> str:
    """Say how many values are wrong and which come first."""
    shown = ", ".join(
        f"row {row} holds {_shown(value)}" for row, value in values.head(SHOWN_VALUES).items()
    )
    return f"{len(values):,} of its values differ ({shown})"


def _shown(value: Any) -> str:
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "nothing"
    told = repr(value)
    return told if len(told) <= SHOWN_CHARACTERS else f"{told[:SHOWN_CHARACTERS]}..."
