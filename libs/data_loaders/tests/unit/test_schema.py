"""A schema says what is allowed, reads and writes itself, and refuses nonsense."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ropewalk.data_loaders import ColumnError, ConfigurationError, Schema, parse

FLIGHT = {
    "columns": {
        "gate": {"dtype": "string", "nullable": True, "known_at": "always", "categories": ["A"]},
        "booked_at": {"dtype": "datetime", "known_at": "always", "description": "when booked"},
        "delay": {
            "dtype": "float64",
            "nullable": True,
            "known_at": "left_at",
            "unit": "minutes",
            "minimum": -60,
            "maximum": 2000,
        },
        "undeclared": {"dtype": "bool"},
    },
    "times": {
        "left_at": {
            "base": "booked_at",
            "plus": "delay",
            "unit": "hours",
            "margin": "2h",
            "known_at": "left_at",
        }
    },
}


def test_it_goes_through_json_schema_unchanged() -> None:
    schema = Schema.model_validate(FLIGHT)

    assert Schema.from_json_schema(schema.to_json_schema()) == schema


def test_json_schema_is_what_validators_read() -> None:
    properties = Schema.model_validate(FLIGHT).to_json_schema()["properties"]

    assert isinstance(properties, dict)
    assert properties["gate"]["enum"] == ["A", None]
    assert properties["delay"]["type"] == ["number", "null"]
    assert properties["delay"]["minimum"] == -60
    assert properties["booked_at"]["format"] == "date-time"
    assert properties["left_at"]["x-known-at"] == "left_at"


def test_it_tells_when_a_value_is_known() -> None:
    schema = Schema.model_validate(FLIGHT)

    known = [schema.known_at(name) for name in ("gate", "delay", "undeclared", "left_at")]
    assert known == ["always", "left_at", None, "left_at"]
    with pytest.raises(ColumnError, match="did you mean 'delay'"):
        schema.known_at("dealy")


def test_a_selection_forgets_times_that_it_leaves_out() -> None:
    schema = Schema.model_validate(FLIGHT)

    assert schema.select(["delay", "left_at"]).known_at("delay") == "left_at"
    assert schema.select(["delay"]).known_at("delay") is None


def test_derived_times_add_up() -> None:
    time = Schema.model_validate(FLIGHT).times["left_at"]
    frame = pd.DataFrame(
        {"booked_at": pd.to_datetime(["2013-01-01T00:00Z"] * 2), "delay": [1.5, None]}
    )

    left = time.compute(frame)

    assert left[0] == pd.Timestamp("2013-01-01T03:30Z")
    assert pd.isna(left[1])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"columns": {"a": {"dtype": "int"}}}, "'columns.a.dtype'.*'int64'.*given 'int'"),
        ({"columns": {"a": {"dtype": "int64", "nulable": True}}}, "did you mean 'nullable'"),
        ({"columns": {"a": {"dtype": "int64", "nullable": True}}}, "can't hold a missing value"),
        ({"columns": {"a": {"dtype": "bool", "minimum": 1}}}, "are for numbers"),
        ({"columns": {"a": {"dtype": "bool", "categories": ["x"]}}}, "categories are for"),
        ({"columns": {"a": {"dtype": "int64", "known_at": "allways"}}}, "did you mean 'always'"),
        ({"columns": {}}, "at least 1 item"),
        ({"colums": {}}, "unknown key 'colums': did you mean 'columns'"),
        ({"columns": {"a": {"dtype": "int64"}}, "times": {"t": {"base": "a"}}}, "no time column"),
        (
            {"columns": {"a": {"dtype": "datetime"}}, "times": {"t": {"base": "a", "plus": "a"}}},
            "plus 'a' of time 't' is no number column",
        ),
        (
            {"columns": {"a": {"dtype": "datetime"}}, "times": {"a": {"base": "a"}}},
            "both a column and a derived time",
        ),
        (
            {"columns": {"a": {"dtype": "datetime"}}, "times": {"t": {"base": "a", "margin": "x"}}},
            "must be a duration",
        ),
    ],
)
def test_nonsense_is_told_in_one_line(change: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as error:
        parse(Schema, change, "some.yaml")
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("some.yaml: ")


NOT_A_SCHEMA = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["x-dtype", "type", "enum", "x-derived", "base", "minimum", "other"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=9,
)


@settings(deadline=None)
@given(properties=st.dictionaries(st.text(max_size=3), NOT_A_SCHEMA, max_size=3) | NOT_A_SCHEMA)
def test_what_is_no_json_schema_is_told(properties: object) -> None:
    with pytest.raises(ConfigurationError, match="JSON schema: "):
        Schema.from_json_schema({"properties": properties})


def test_a_schema_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "schema.yaml"
    path.write_text("columns: {a: {dtype: int64}}")

    assert Schema.read(path).dtype("a") == "int64"
    path.write_text("columns: {a: {dtype: int}}")
    with pytest.raises(ConfigurationError, match=r"schema\.yaml: 'columns\.a\.dtype'"):
        Schema.read(path)


def test_it_is_inferred_from_a_frame_and_fits_it() -> None:
    frame = pd.DataFrame(
        {
            "flag": [True, False],
            "whole": [1, 2],
            "whole_or_missing": pd.array([1, None], dtype="Int64"),
            "number": [1.5, None],
            "time": [pd.Timestamp("2013-01-01"), pd.NaT],
            "text": ["x", None],
        }
    )

    schema = Schema.infer(frame)

    dtypes = [schema.dtype(name) for name in schema.column_names]
    assert dtypes == ["bool", "int64", "float64", "float64", "datetime", "string"]
    assert all(column.known_at is None for column in schema.columns.values())
