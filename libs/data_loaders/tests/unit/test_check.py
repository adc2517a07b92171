"""What is declared is held against what was read: types, then rules."""

import datetime
from decimal import Decimal
from math import inf, nan

import pandas as pd
import pytest

from ropewalk.data_loaders import Schema, SchemaError
from ropewalk.data_loaders.check import conform
from ropewalk.data_loaders.schema import PANDAS_DTYPES, Dtype


def conformed(values: list[object], **declared: object) -> list[object]:
    schema = Schema.model_validate({"columns": {"a": declared}})
    frame = pd.DataFrame({"a": values}, index=range(1, len(values) + 1))
    checked = conform(frame, schema, "some.csv")["a"]
    dtype = schema.dtype("a")
    assert str(checked.dtype) == PANDAS_DTYPES[dtype]
    return checked.to_list()


@pytest.mark.parametrize(
    ("dtype", "values", "turned"),
    [
        ("int64", [1.0, 2.0], [1, 2]),
        ("int64", ["1", "2"], [1, 2]),
        ("int64", [Decimal(1)], [1]),
        ("int64", [2**63 - 1], [2**63 - 1]),
        ("float64", [1, None], [1, nan]),
        ("float64", [Decimal("1.5"), None], [1.5, nan]),
        ("float64", [inf], [inf]),
        ("bool", [1, 0], [True, False]),
        ("bool", ["TRUE", "False"], [True, False]),
        ("bool", [1.0, 0.0], [True, False]),
        ("string", [7, 8], ["7", "8"]),
        ("string", pd.array([7, None], dtype=object), ["7", nan]),
        ("string", [True], ["True"]),
    ],
)
def test_values_take_their_declared_type(
    dtype: Dtype, values: list[object], turned: list[object]
) -> None:
    nullable = dtype in ("float64", "string")

    assert conformed(values, dtype=dtype, nullable=nullable) == pytest.approx(turned, nan_ok=True)


@pytest.mark.parametrize(
    "value",
    [
        "2013-01-01 02:00:00+02:00",
        "2013-01-01",
        "2013",
        2013,
        datetime.date(2013, 1, 1),
        datetime.datetime(2013, 1, 1),
        pd.Timestamp("2013-01-01T02:00+02:00"),
    ],
)
def test_times_become_utc_however_they_are_stored(value: object) -> None:
    assert conformed([value], dtype="datetime") == [pd.Timestamp("2013-01-01T00:00Z")]


@pytest.mark.parametrize(
    ("dtype", "values", "told"),
    [
        ("int64", [1, "x"], "row 2 holds 'x'"),
        ("int64", [1, 2.5], "row 2 holds 2.5"),
        ("int64", [1, inf], "row 2 holds inf"),
        ("int64", ["1", "99999999999999999999"], "row 2 holds '99999999999999999999'"),
        ("int64", [1, 2**63], f"row 2 holds {2**63}"),
        ("int64", [True], "row 1 holds True"),
        ("int64", [1, None], "can't be missing.*row 2 holds nothing.*declare float64, nullable"),
        ("float64", [True, None], "row 1 holds True"),
        ("bool", ["yes"], "row 1 holds 'yes'"),
        ("bool", [2], "row 1 holds 2"),
        ("bool", ["true", None], "can't be missing.*row 2 holds nothing.*declare string"),
        ("string", [b"\xff"], r"row 1 holds b'\\xff'"),
        ("string", ["x", b"\xff"], r"row 2 holds b'\\xff'"),
        ("datetime", ["2013-13-13"], "row 1 holds '2013-13-13'"),
        ("datetime", ["June 1st"], "row 1 holds 'June 1st'"),
        ("datetime", [1357000000], "row 1 holds 1357000000"),
        ("string", ["x", None], r"without missing values \(add nullable: true.*row 2 holds noth"),
    ],
)
def test_a_value_of_another_type_is_told_with_its_row(
    dtype: Dtype, values: list[object], told: str
) -> None:
    with pytest.raises(SchemaError, match=rf"some.csv: column 'a' is declared.*{told}"):
        conformed(values, dtype=dtype)


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"dtype": "int64", "minimum": 2}, "declared from 2, but 1 .*row 1 holds 1"),
        ({"dtype": "float64", "maximum": 2}, "declared to 2, but 1 .*row 3 holds 3"),
        ({"dtype": "int64", "minimum": 2, "maximum": 5}, "declared from 2 to 5, but 1 .*row 1"),
        (
            {"dtype": "string", "categories": ["1", "2"]},
            "declared as one of 1, 2, .*row 3 holds '3'",
        ),
    ],
)
def test_a_broken_rule_names_column_rule_count_and_rows(
    declared: dict[str, object], told: str
) -> None:
    with pytest.raises(SchemaError, match=f"some.csv: column 'a' is {told}"):
        conformed([1, 2, 3], **declared)


def test_of_many_faults_the_first_are_shown_and_all_counted() -> None:
    with pytest.raises(SchemaError, match="5,000 of its values differ") as error:
        conformed(["x" * 1000] * 5000, dtype="int64")
    assert len(str(error.value)) < 500
    assert str(error.value).count("row") == 3


def test_other_broken_rules_are_counted() -> None:
    declared = {"dtype": "int64", "minimum": 0}
    schema = Schema.model_validate({"columns": {"a": declared, "b": declared}})

    with pytest.raises(SchemaError, match=r"'a' .*\(rules broken in all: 2\)"):
        conform(pd.DataFrame({"a": [-1], "b": [-1]}), schema, "some.csv")
