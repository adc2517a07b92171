from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ropewalk.models.common.groups import group_rows
from ropewalk.models.errors import ModelError

FLIGHTS = pd.DataFrame(
    {
        "origin": pd.Series(["JFK", "JFK", "EWR", None, "EWR", "JFK"], dtype="str"),
        "hour": [5, 6, 5, 6, 5, 5],
    }
).set_axis([7, 7, 7, 8, 9, 1])


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_a_group_is_named_by_its_text_whatever_the_dtype(dtype: str) -> None:
    number, keys = group_rows(FLIGHTS.astype({"origin": dtype}), "origin")

    assert keys == [("=EWR",), ("=JFK",), ("missing",)]
    assert number.tolist() == [1, 1, 0, 2, 0, 1]


def test_whole_numbers_turned_float_are_the_same_groups() -> None:
    number, keys = group_rows(FLIGHTS, ["hour", "origin"])
    turned, same = group_rows(FLIGHTS.astype({"hour": float}), ["hour", "origin"])

    assert (
        keys
        == same
        == [
            ("=5.0", "=EWR"),
            ("=5.0", "=JFK"),
            ("=6.0", "=JFK"),
            ("=6.0", "missing"),
        ]
    )
    assert number.tolist() == turned.tolist() == [1, 2, 0, 3, 0, 1]


def test_values_that_differ_only_by_type_are_one_group_and_a_missing_value_is_no_text() -> None:
    frame = pd.DataFrame({"gate": pd.Series([True, "True", None, "missing"], dtype=object)})

    number, keys = group_rows(frame, "gate")

    assert keys == [("=True",), ("=missing",), ("missing",)]
    assert number.tolist() == [0, 0, 2, 1]


@pytest.mark.parametrize(
    ("X", "group", "says"),
    [
        (FLIGHTS, "orign", "group column 'orign' is not in the frame: did you mean 'origin'"),
        (np.zeros((2, 2)), "origin", "the rows are ndarray: give a DataFrame"),
        (None, "origin", "the rows are NoneType: give a DataFrame"),
    ],
)
def test_refuses_in_one_line(X: object, group: str, says: str) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        group_rows(X, group)

    assert "\n" not in str(caught.value)
