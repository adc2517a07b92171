from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ropewalk.models.common.json_rows import dtypes, frame_to_rows, rows_to_frame
from ropewalk.models.errors import ModelError

SCHEMA: Mapping[str, object] = {
    "properties": {
        "whole": {"x-dtype": "int64"},
        "number": {"x-dtype": "float64"},
        "text": {"x-dtype": "string"},
        "flag": {"x-dtype": "bool"},
        "at": {"x-dtype": "datetime"},
    }
}
ROW: Mapping[str, object] = {
    "whole": 1,
    "number": 0.1,
    "text": "JFK",
    "flag": True,
    "at": "2013-10-01T05:00:00Z",
}
NAMES = list(ROW)

row = st.tuples(
    st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(allow_infinity=False),
    st.none() | st.text(),
    st.booleans(),
    st.none() | st.datetimes(),
)


@settings(deadline=None)
@given(st.lists(row))
def test_a_frame_comes_back_as_it_was(rows: list[tuple[object, ...]]) -> None:
    columns = {name: [values[at] for values in rows] for at, name in enumerate(NAMES)}
    frame = pd.DataFrame(
        {
            "whole": pd.Series(columns["whole"], dtype="int64"),
            "number": pd.Series(columns["number"], dtype="float64"),
            "text": pd.Series(columns["text"], dtype="str"),
            "flag": pd.Series(columns["flag"], dtype="bool"),
            "at": pd.Series(columns["at"], dtype="datetime64[us, UTC]"),
        }
    )

    back = rows_to_frame(json.loads(json.dumps(frame_to_rows(frame), allow_nan=False)), SCHEMA)

    pd.testing.assert_frame_equal(back, frame, check_exact=True)


def test_every_kind_of_missing_value_is_null() -> None:
    frame = pd.DataFrame(
        {
            "nan": [float("nan")],
            "none": pd.Series([None], dtype="object"),
            "na": pd.Series([pd.NA], dtype="Int64"),
            "nat": pd.Series([pd.NaT], dtype="datetime64[us, UTC]"),
            "text": pd.Series([None], dtype="str"),
        }
    )

    assert frame_to_rows(frame) == [dict.fromkeys(frame.columns)]


def test_takes_the_columns_of_the_schema_in_its_order() -> None:
    given = {"more": 5, **dict(reversed(list(ROW.items())))}

    assert list(rows_to_frame([given], SCHEMA)) == NAMES


def test_times_are_in_utc_whatever_their_offset() -> None:
    at = rows_to_frame([{**ROW, "at": "2013-10-01T05:00:00-04:00"}, ROW], SCHEMA)["at"]

    assert at.tolist() == [pd.Timestamp("2013-10-01T09:00Z"), pd.Timestamp("2013-10-01T05:00Z")]


def test_a_whole_number_is_a_number() -> None:
    number = rows_to_frame([{**ROW, "number": 3}], SCHEMA)["number"]

    assert number.dtype == np.float64
    assert number.tolist() == [3.0]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("whole", 1.5, r"row 1: 'whole' is 1\.5, and must be int64"),
        ("whole", True, "'whole' is True"),
        ("whole", None, "'whole' holds a value that is no int64"),
        ("whole", 2**63, "'whole' holds a value that is no int64"),
        ("number", "3", "'number' is '3', and must be float64"),
        ("number", 10**400, "'number' holds a value that is no float64"),
        ("text", 3, "'text' is 3"),
        ("flag", 1, "'flag' is 1"),
        ("at", 1380603600, "'at' is 1380603600"),
        ("at", "tomorrow", "'at' holds a value that is no datetime"),
        ("at", "+999999-01-01", "'at' holds a value that is no datetime"),
    ],
)
def test_refuses_a_value_of_another_type(name: str, value: object, told: str) -> None:
    with pytest.raises(ModelError, match=told) as caught:
        rows_to_frame([ROW, {**ROW, name: value}], SCHEMA)

    assert "\n" not in str(caught.value)


def test_refuses_a_row_that_lacks_a_column() -> None:
    lacking = {name: value for name, value in ROW.items() if name != "text"}

    with pytest.raises(ModelError, match="row 1 has no 'text'"):
        rows_to_frame([ROW, lacking], SCHEMA)


def test_refuses_a_row_that_is_no_mapping() -> None:
    with pytest.raises(ModelError, match="row 0 has no 'whole'"):
        rows_to_frame([["whole"]], SCHEMA)  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({}, "no properties"),
        ({"properties": {}}, "no properties"),
        ({"properties": ["a"]}, "no properties"),
        ({"properties": {"a": {"type": "number"}}}, "'a' has x-dtype None: use one of int64"),
        ({"properties": {"a": {"x-dtype": "float32"}}}, "'a' has x-dtype 'float32'"),
        ({"properties": {"a": {"x-dtype": ["int64"]}}}, "'a' has x-dtype "),
        ({"properties": {"a": 1}}, "'a' has x-dtype None"),
    ],
)
def test_refuses_a_schema_without_known_types(schema: Mapping[str, object], told: str) -> None:
    with pytest.raises(ModelError, match=told):
        dtypes(schema)
