from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ropewalk.models import ModelInputError, reference_profile


def _column(values: object, **options: Any) -> dict[str, Any]:
    profile: dict[str, Any] = reference_profile(pd.DataFrame({"it": pd.Series(values, **options)}))
    json.dumps(profile, allow_nan=False)
    described: dict[str, Any] = profile["columns"]["it"]
    return described


def test_numbers_are_counted_between_quantiles() -> None:
    described = _column([*range(100), None])

    assert described == {
        "kind": "number",
        "count": 100,
        "missing": 1 / 101,
        "edges": pytest.approx([9.9 * step for step in range(11)]),
        "counts": [10] * 10,
    }


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=1, max_size=50))
def test_every_finite_number_is_in_one_bin(values: list[float]) -> None:
    described = _column(np.array(values, dtype=np.float64))

    finite = np.array(values)[np.isfinite(values)]
    assert sum(described["counts"]) == described["count"] == len(finite)
    assert described["edges"] == sorted(described["edges"])
    if len(finite):
        assert described["edges"][0] == finite.min()
        assert described["edges"][-1] == finite.max()
        expected, _ = np.histogram(finite, described["edges"])
        if described["edges"][0] < described["edges"][-1]:
            assert described["counts"] == expected.tolist()


def test_a_constant_is_one_bin_and_a_frequent_value_has_its_own() -> None:
    assert _column([7, 7, 7]) | {"count": 3} == {
        "kind": "number",
        "count": 3,
        "missing": 0.0,
        "edges": [7.0, 7.0],
        "counts": [3],
    }
    assert _column([0] * 90 + list(range(10)))["counts"] == [91, 9]


@pytest.mark.parametrize("dtype", ["object", "str", "category"])
def test_text_has_its_most_frequent_levels(dtype: str) -> None:
    described = _column(["b", "a", "b", "c", None, "a"], dtype=dtype)

    assert described == {
        "kind": "text",
        "count": 5,
        "missing": 1 / 6,
        "levels": {"a": 2, "b": 2, "c": 1},
        "other": 0,
    }
    assert list(described["levels"]) == ["a", "b", "c"]


def test_of_many_levels_the_rest_is_counted_together() -> None:
    described = _column([f"N{number:03}" for number in range(300)] + ["N299"])

    assert len(described["levels"]) == 20
    assert list(described["levels"])[:2] == ["N299", "N000"]
    assert described["other"] == 301 - 21


def test_booleans_are_levels() -> None:
    assert _column([True, False, True])["levels"] == {"True": 2, "False": 1}


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_times_have_a_first_and_a_last(zone: str | None) -> None:
    described = _column(pd.DatetimeIndex(["2013-10-02", "NaT", "2013-10-01"]).tz_localize(zone))

    end = "+00:00" if zone else ""
    assert described == {
        "kind": "time",
        "count": 2,
        "missing": 1 / 3,
        "from": f"2013-10-01T00:00:00{end}",
        "to": f"2013-10-02T00:00:00{end}",
    }


@pytest.mark.parametrize("dtype", ["float64", "str", "datetime64[us]"])
def test_a_column_without_a_value_is_described(dtype: str) -> None:
    described = _column([None, None], dtype=dtype)

    assert (described["count"], described["missing"]) == (0, 1.0)


def test_predictions_are_described_alike() -> None:
    rows = pd.DataFrame({"wind": [1.0, 2.0]})

    assert reference_profile(rows, [3.0, 5.0])["predictions"] == _column([3.0, 5.0])
    assert reference_profile(rows, np.array(["late", "on time"]))["predictions"] == _column(
        ["late", "on time"]
    )
    assert "predictions" not in reference_profile(rows)


def test_the_order_of_rows_does_not_matter() -> None:
    rows = pd.DataFrame({"wind": [3.0, 1.0, np.nan, 2.0], "origin": ["JFK", "EWR", "LGA", None]})

    assert json.dumps(reference_profile(rows)) == json.dumps(reference_profile(rows[::-1]))


def test_refuses_no_rows_and_other_predictions() -> None:
    with pytest.raises(ModelInputError, match="there are no rows"):
        reference_profile(pd.DataFrame({"wind": []}))
    with pytest.raises(ModelInputError, match="there are 1 predictions and 2 rows"):
        reference_profile(pd.DataFrame({"wind": [1.0, 2.0]}), [1.0])
