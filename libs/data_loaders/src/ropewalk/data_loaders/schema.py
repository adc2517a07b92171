"""The declared schema of a frame: names, types, ranges, and when each value becomes known."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ropewalk.data_loaders.configuration import parse, read_yaml
from ropewalk.data_loaders.errors import ColumnError, ConfigurationError, did_you_mean

ALWAYS = "always"

Dtype = Literal["int64", "float64", "string", "bool", "datetime"]

# pandas' own name of each type. Times are kept in UTC: a local time is ambiguous once a year.
PANDAS_DTYPES: Mapping[Dtype, str] = {
    "int64": "int64",
    "float64": "float64",
    "string": "str",
    "bool": "bool",
    "datetime": "datetime64[us, UTC]",
}

_JSON_TYPES: Mapping[Dtype, str] = {
    "int64": "integer",
    "float64": "number",
    "string": "string",
    "bool": "boolean",
    "datetime": "string",
}


class Column(BaseModel):
    """What is declared of one column.

    Parameters
    ----------
    dtype : {"int64", "float64", "string", "bool", "datetime"}
        Its type. A column of whole numbers with missing values is ``float64``.
    nullable : bool
        Whether values may be missing.
    known_at : str, optional
        When a value becomes known: ``"always"`` (before anything is predicted), or the name of
        a time column of the same frame, row by row. Not declared, it may predict nothing.
    unit, description : str, optional
        For people.
    minimum, maximum : float, optional
        The closed range of numbers.
    categories : sequence of str, optional
        All allowed values of a string.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dtype: Dtype
    nullable: bool = False
    known_at: str | None = None
    unit: str | None = None
    description: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _rules_fit_the_type(self) -> Self:
        if self.categories is not None and self.dtype != "string":
            raise ValueError(f"categories are for dtype string, this is {self.dtype}")
        ranged = self.minimum is not None or self.maximum is not None
        if ranged and self.dtype not in ("int64", "float64"):
            raise ValueError(f"minimum and maximum are for numbers, this is {self.dtype}")
        if self.nullable and self.dtype in ("int64", "bool"):
            raise ValueError(f"{self.dtype} can't hold a missing value: declare float64 or string")
        return self


class DerivedTime(BaseModel):
    """A time that the loader computes: ``base + plus * unit + margin``.

    Parameters
    ----------
    base : str
        A time column.
    plus : str, optional
        A number column; where it is missing, the result is missing (never known).
    unit : {"seconds", "minutes", "hours", "days"}
        The unit of `plus`.
    margin : timedelta, optional
        A constant on top, as pandas reads it ("2h"): take it large where the true time is not
        in the data, so that a value never counts as known too early.
    known_at : str, optional
        As for a column.
    description : str, optional
        For people.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: str
    plus: str | None = None
    unit: Literal["seconds", "minutes", "hours", "days"] = "minutes"
    margin: str | None = None
    known_at: str | None = None
    description: str | None = None

    @field_validator("margin")
    @classmethod
    def _margin_is_a_duration(cls, margin: str | None) -> str | None:
        if margin is not None:
            try:
                pd.Timedelta(margin)
            except ValueError:
                raise ValueError("margin must be a duration such as '2h' or '30min'") from None
        return margin

    def compute(self, frame: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
        """Compute the time of each row of a frame that holds `base` and `plus`."""
        time = frame[self.base]
        if self.plus is not None:
            time = time + pd.to_timedelta(frame[self.plus], unit=self.unit)
        if self.margin is not None:
            time = time + pd.Timedelta(self.margin)
        return time.astype("datetime64[us, UTC]")


class Schema(BaseModel):
    """What is declared of a frame.

    Parameters
    ----------
    columns : mapping of str to Column
        The stored columns.
    times : mapping of str to DerivedTime
        Times that the loader computes from them, in this order.

    Examples
    --------
    >>> schema = Schema.model_validate({
    ...     "columns": {
    ...         "booked_at": {"dtype": "datetime", "known_at": "always"},
    ...         "delay": {"dtype": "float64", "nullable": True, "known_at": "left_at"},
    ...     },
    ...     "times": {"left_at": {"base": "booked_at", "plus": "delay", "known_at": "left_at"}},
    ... })
    >>> schema.known_at("delay")
    'left_at'
    >>> Schema.from_json_schema(schema.to_json_schema()).known_at("delay")
    'left_at'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: dict[str, Column] = Field(min_length=1)
    times: dict[str, DerivedTime] = {}

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        known_times = [name for name, column in self.columns.items() if column.dtype == "datetime"]
        for name, time in self.times.items():
            if name in self.columns:
                raise ValueError(f"'{name}' is both a column and a derived time")
            if time.base not in known_times:
                raise ValueError(
                    f"base '{time.base}' of time '{name}' is no time column declared before it; "
                    f"{did_you_mean(time.base, known_times)}"
                )
            if time.plus is not None and (
                time.plus not in self.columns
                or self.columns[time.plus].dtype not in ("int64", "float64")
            ):
                numbers = [n for n, c in self.columns.items() if c.dtype in ("int64", "float64")]
                raise ValueError(
                    f"plus '{time.plus}' of time '{name}' is no number column; "
                    f"{did_you_mean(time.plus, numbers)}"
                )
            known_times.append(name)
        allowed = [ALWAYS, *known_times]
        every: dict[str, Column | DerivedTime] = {**self.columns, **self.times}
        for name, declared in every.items():
            if declared.known_at is not None and declared.known_at not in allowed:
                raise ValueError(
                    f"known_at '{declared.known_at}' of '{name}' is neither 'always' nor a time "
                    f"column; {did_you_mean(declared.known_at, allowed)}"
                )
        return self

    @property
    def column_names(self) -> list[str]:
        """Names of all columns of a loaded frame, stored and derived, in order."""
        return [*self.columns, *self.times]

    def dtype(self, name: str) -> Dtype:
        """Give the declared type of a column, stored or derived."""
        return "datetime" if name in self.times else self._column(name).dtype

    def known_at(self, name: str) -> str | None:
        """Tell when a column's values become known.

        Parameters
        ----------
        name : str
            A column, stored or derived.

        Returns
        -------
        str or None
            ``"always"``, the name of a time column, or None where nothing is declared.

        Raises
        ------
        ColumnError
            If there is no such column.
        """
        return (self.times[name] if name in self.times else self._column(name)).known_at

    def select(self, names: Iterable[str]) -> "Schema":
        """Give the schema of some of the columns, all of them stored.

        A ``known_at`` that names a column left out is left out as well: nothing in the smaller
        frame could tell that time.
        """
        chosen = list(names)
        times = {ALWAYS, None, *(name for name in chosen if self.dtype(name) == "datetime")}
        columns = {}
        for name in chosen:
            column = (
                Column(
                    dtype="datetime",
                    nullable=True,
                    known_at=self.times[name].known_at,
                    description=self.times[name].description,
                )
                if name in self.times
                else self._column(name)
            )
            if column.known_at not in times:
                column = column.model_copy(update={"known_at": None})
            columns[name] = column
        return Schema(columns=columns)

    def to_json_schema(self) -> dict[str, object]:
        """Give the schema of one row as JSON Schema (2020-12), the form that crosses rooms.

        What JSON Schema has no word for stands in ``x-dtype``, ``x-known-at``, ``x-unit`` and
        ``x-derived``.
        """
        properties: dict[str, object] = {}
        for name in self.column_names:
            dtype = self.dtype(name)
            column = self.columns.get(name, Column(dtype="datetime", nullable=True))
            declared = self.columns.get(name) or self.times[name]
            json_type = _JSON_TYPES[dtype]
            field: dict[str, object] = {
                "type": [json_type, "null"] if column.nullable else json_type,
                "x-dtype": dtype,
            }
            if dtype == "datetime":
                field["format"] = "date-time"
            for key, value in {
                "description": declared.description,
                "minimum": column.minimum,
                "maximum": column.maximum,
                "x-known-at": declared.known_at,
                "x-unit": column.unit,
            }.items():
                if value is not None:
                    field[key] = value
            if column.categories is not None:
                field["enum"] = [*column.categories, *([None] if column.nullable else [])]
            if name in self.times:
                field["x-derived"] = self.times[name].model_dump(
                    include={"base", "plus", "unit", "margin"}, exclude_none=True
                )
            properties[name] = field
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    @classmethod
    def from_json_schema(cls, given: Mapping[str, object]) -> "Schema":
        """Read a schema back from what `to_json_schema` gave.

        Raises
        ------
        ConfigurationError
            If it is not such a JSON Schema.
        """
        columns: dict[str, object] = {}
        times: dict[str, object] = {}
        properties = given.get("properties")
        for name, field in (properties if isinstance(properties, dict) else {}).items():
            if not isinstance(field, dict):
                raise ConfigurationError(f"JSON schema: property '{name}' is no mapping")
            known = {"known_at": field.get("x-known-at"), "description": field.get("description")}
            if isinstance(derived := field.get("x-derived"), dict):
                times[name] = {**derived, **known}
                continue
            levels = field.get("enum")
            kinds = field.get("type")
            columns[name] = {
                **known,
                "dtype": field.get("x-dtype"),
                "nullable": isinstance(kinds, list) and "null" in kinds,
                "unit": field.get("x-unit"),
                "minimum": field.get("minimum"),
                "maximum": field.get("maximum"),
                "categories": (
                    [level for level in levels if level is not None]
                    if isinstance(levels, list)
                    else levels
                ),
            }
        return parse(cls, {"columns": columns, "times": times}, "JSON schema")

    @classmethod
    def read(cls, path: str | Path) -> "Schema":
        """Read a schema from a YAML file.

        Raises
        ------
        ConfigurationError
            If the file is missing or does not hold a schema.
        """
        return parse(cls, read_yaml(path), str(path))

    @classmethod
    def infer(cls, frame: pd.DataFrame) -> "Schema":
        """Declare what a frame looks like; nothing is said of when its values become known.

        Examples
        --------
        >>> Schema.infer(pd.DataFrame({"n": [1, 2], "s": ["a", None]})).columns["s"].nullable
        True
        """
        columns = {}
        for name, series in frame.items():
            dtype: Dtype = "string"
            if pd.api.types.is_bool_dtype(series.dtype):
                dtype = "bool"
            elif pd.api.types.is_integer_dtype(series.dtype):
                dtype = "float64" if series.isna().any() else "int64"
            elif pd.api.types.is_numeric_dtype(series.dtype):
                dtype = "float64"
            elif pd.api.types.is_datetime64_any_dtype(series.dtype):
                dtype = "datetime"
            columns[str(name)] = Column(dtype=dtype, nullable=dtype not in ("int64", "bool"))
        return cls(columns=columns)

    def _column(self, name: str) -> Column:
        try:
            return self.columns[name]
        except KeyError:
            raise ColumnError(
                f"no column '{name}'; {did_you_mean(name, self.column_names)}"
            ) from None
