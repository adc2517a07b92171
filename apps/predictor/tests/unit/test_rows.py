import json
import math
from dataclasses import replace

import msgspec
import pandas as pd
import pytest

from ropewalk.models import Bundle, frame_to_rows
from ropewalk.predictor.problem import LONGEST, Problem
from ropewalk.predictor.rows import MAX_ERRORS, MAX_ROWS, Row, parse_rows, to_frame
from ropewalk.predictor.served_model import Served


@pytest.fixture(scope="module")
def model(bundle: Bundle) -> Served:
    return Served.of(bundle)


@pytest.fixture
def row(bundle: Bundle) -> Row:
    rows: list[Row] = msgspec.convert(frame_to_rows(bundle.example), list[Row])
    return rows[0]


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"", 400, "no JSON in UTF-8"),
        (b"{", 400, "no JSON in UTF-8"),
        (b'{"rows": []} and more', 400, "trailing characters"),
        (b'{"rows": [{"wind": NaN}]}', 400, "invalid character"),
        (b'{"rows": [{"wind": -Infinity}]}', 400, "no JSON in UTF-8"),
        (b'{"rows": [{"carrier": "\xff"}]}', 400, "can't decode byte 0xff"),
        (b'{"rows": [{"carrier": "\\ud800"}]}', 400, "no JSON in UTF-8"),
        (b'\xef\xbb\xbf{"rows": []}', 400, "no JSON in UTF-8"),
        (b"[]", 422, "Expected `object`, got `array`"),
        (b"{}", 422, "missing required field `rows`"),
        (b'{"rows": {}}', 422, "Expected `array`, got `object`"),
        (b'{"rows": [1]}', 422, "Expected `object`, got `int`"),
        (b'{"rows": [{"wind": [1]}]}', 422, "got `array`"),
        (b'{"rows": [{"wind": 1e400}]}', 422, "Number out of range"),
        (b'{"rows": [{"wind": ' + b"9" * 5000 + b"}]}", 422, "out of range"),
        (b'{"rows": [], "predictions": []}', 422, "unknown field `predictions`"),
        (b'{"rows": []}', 422, "there are no rows"),
        (b'{"rows": ' + b"[" * 500_000, 422, "got `array`"),
        (b'{"rows": [{}' + b",{}" * MAX_ROWS + b"]}", 422, "1001 rows are too many"),
    ],
)
def test_a_body_that_holds_no_rows_is_a_problem(body: bytes, status: int, told: str) -> None:
    with pytest.raises(Problem) as raised:
        parse_rows(body)

    assert raised.value.status == status
    assert told in raised.value.detail


def test_as_many_rows_as_allowed_pass() -> None:
    assert len(parse_rows(b'{"rows": [{}' + b",{}" * (MAX_ROWS - 1) + b"]}")) == MAX_ROWS


def test_rows_become_what_the_model_was_trained_on(
    model: Served, bundle: Bundle, ready: pd.DataFrame
) -> None:
    expected = ready[bundle.columns].head(50)
    body = json.dumps({"rows": frame_to_rows(expected)}).encode()

    frame = to_frame(parse_rows(body), model)

    pd.testing.assert_frame_equal(frame, expected, check_exact=True)


def test_fields_in_another_order_change_nothing(model: Served, row: Row) -> None:
    backwards = dict(reversed(row.items()))

    pd.testing.assert_frame_equal(to_frame([backwards], model), to_frame([row], model))


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("distance", "529", "'529' is not of type 'integer'"),
        ("distance", 529.5, "529.5 is not of type 'integer'"),
        ("distance", True, "True is not of type 'integer'"),
        ("distance", None, "None is not of type 'integer'"),
        ("distance", -1, "-1 is less than the minimum of 0"),
        ("distance", 2**63, "is greater than the maximum of 9223372036854775807"),
        ("distance", 1e300, "is greater than the maximum of 9223372036854775807"),
        ("wind", "strong", "'strong' is not of type 'number', 'null'"),
        pytest.param("wind", 10**400, "is greater than the maximum of 1.79", id="wind-endless"),
        ("carrier", "ZZ", "'ZZ' is not one of ['AA', 'B6', 'UA', None]"),
        ("carrier", 1, "1 is not of type 'string', 'null'"),
        ("night", 0, "0 is not of type 'boolean'"),
        ("leaves_at", "soon", "'soon' is no time with an offset"),
        ("leaves_at", "2013-03-01T00:00:00", "is no time with an offset"),
        ("leaves_at", 1362096000, "1362096000 is not of type 'string'"),
    ],
)
def test_a_wrong_value_is_told_with_its_place(
    model: Served, row: Row, field: str, value: str | float | None, told: str
) -> None:
    with pytest.raises(Problem) as raised:
        to_frame([row, {**row, field: value}], model)

    assert raised.value.status == 422
    assert told in " ".join(error["detail"] for error in raised.value.errors)
    assert {error["pointer"] for error in raised.value.errors} == {f"#/rows/1/{field}"}


@pytest.mark.parametrize("value", [1e308, -1e308, 0, -0.0, 5e-324, None])
def test_every_float_has_a_place(model: Served, row: Row, value: float | None) -> None:
    frame = to_frame([{**row, "wind": value}], model)

    assert frame["wind"][0] == value or (value is None and math.isnan(frame["wind"][0]))


def test_missing_and_unknown_fields_are_told(model: Served, row: Row) -> None:
    given: Row = {name: value for name, value in row.items() if name != "wind"}

    with pytest.raises(Problem) as raised:
        to_frame([{**given, "wnd": 1}], model)

    details = [error["detail"] for error in raised.value.errors]
    assert "'wind' is missing" in details
    assert any("'wnd' was unexpected" in detail for detail in details)


def test_an_answer_lists_so_many_errors_and_no_more(model: Served, row: Row) -> None:
    with pytest.raises(Problem) as raised:
        to_frame([{**row, "carrier": "Z" * 10_000}] * 100, model)

    assert len(raised.value.errors) == MAX_ERRORS
    assert "the first 20 errors are listed" in raised.value.detail
    assert all(len(error["detail"]) <= LONGEST for error in raised.value.errors)


@pytest.mark.parametrize(("value", "fine"), [(5000, True), (5001, False)])
def test_a_declared_maximum_holds(bundle: Bundle, row: Row, value: int, fine: bool) -> None:
    properties = bundle.input_schema["properties"]
    assert isinstance(properties, dict)
    distance = {**properties["distance"], "maximum": 5000}
    schema = {**bundle.input_schema, "properties": {**properties, "distance": distance}}
    model = Served.of(replace(bundle, input_schema=schema))

    assert model.rows.is_valid({**row, "distance": value}) == fine


def test_what_the_schema_lets_pass_but_no_frame_can_hold_is_no_crash(
    bundle: Bundle, row: Row
) -> None:
    properties = bundle.input_schema["properties"]
    assert isinstance(properties, dict)
    lax = {"x-dtype": "datetime"}
    schema = {**bundle.input_schema, "properties": {**properties, "leaves_at": lax}}
    model = Served.of(replace(bundle, input_schema=schema))

    with pytest.raises(Problem, match="'leaves_at'"):
        to_frame([{**row, "leaves_at": "soon"}], model)
