"""Hold a frame against its declared schema: types first, then rules, by pandera."""

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from ropewalk.data_loaders.errors import SchemaError
from ropewalk.data_loaders.schema import PANDAS_DTYPES, Column, Schema

SHOWN = 3


def conform(frame: pd.DataFrame, schema: Schema, where: str) -> pd.DataFrame:
    """Give a frame its declared types and check it.

    Parameters
    ----------
    frame : DataFrame
        Rows of one read; columns that `schema` does not declare pass as they are.
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
    """
    typed = {}
    for name in frame.columns:
        column = schema.columns.get(name)
        typed[name] = (
            frame[name] if column is None else _with_type(frame[name], name, column, where)
        )
    conformed = pd.DataFrame(typed, index=frame.index)
    declared = {name: schema.columns[name] for name in frame.columns if name in schema.columns}
    try:
        _rules(tuple(declared.items())).validate(conformed, lazy=True)
    except SchemaErrors as errors:
        raise SchemaError(_told(errors, declared, where)) from errors
    return conformed


def _with_type(series: "pd.Series[Any]", name: str, column: Column, where: str) -> "pd.Series[Any]":
    dtype = PANDAS_DTYPES[column.dtype]
    if series.dtype == dtype:
        return series
    match column.dtype:
        case "string":
            return series.where(series.isna(), series.astype(str)).astype("str")
        case "datetime":
            turned = pd.to_datetime(series, utc=True, errors="coerce", format="ISO8601")
        case "bool":
            # Databases without booleans give 0 and 1, text files the words.
            words = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
            turned = series.astype(str).str.lower().map(words)
        case _:
            turned = pd.to_numeric(series, errors="coerce")
    wrong = turned.isna() & series.notna()
    if column.dtype == "int64":
        wrong |= turned.notna() & (turned % 1 != 0)
    if wrong.any():
        raise SchemaError(
            f"{where}: column '{name}' is declared {column.dtype}, but "
            f"{_rows(series[wrong])}: correct the data or the declared dtype"
        )
    missing = turned.isna()
    if column.dtype in ("int64", "bool") and missing.any():
        advice = "float64" if column.dtype == "int64" else "string"
        raise SchemaError(
            f"{where}: column '{name}' is declared {column.dtype}, which can't be missing, but "
            f"{_rows(series[missing])}: correct the data or declare {advice}, nullable"
        )
    return turned.astype(pd.api.types.pandas_dtype(dtype))


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
    others = cases.drop_duplicates(["column", "check"])
    more = f"; {len(others) - 1} more rules are broken" if len(others) > 1 else ""
    return f"{where}: column '{name}' is {rule}, but {_rows(broken)}{more}"


def _rows(values: "pd.Series[Any]") -> str:
    """Say how many values are wrong and which come first."""
    shown = ", ".join(
        f"row {row} holds " + ("nothing" if _missing(value) else repr(value))
        for row, value in values.head(SHOWN).items()
    )
    return f"{len(values):,} of its values differ ({shown})"


def _missing(value: object) -> bool:
    return value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value))
