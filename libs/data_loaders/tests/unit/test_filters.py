"""A filter that can't be meant is refused, and one that can means one thing."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from ropewalk.data_loaders import ColumnError, Filter
from ropewalk.data_loaders.filters import checked_filter, fulfilling
from ropewalk.data_loaders.schema import Dtype


@pytest.mark.parametrize(
    ("given", "dtype", "told"),
    [
        (("a", "=", 1), None, "no comparison '='"),
        (("a", "in", 1), None, "'in' takes a list of values, given 1"),
        (("a", "in", "xyz"), None, "'in' takes a list of values, given 'xyz'"),
        (("a", "==", [1]), None, r"'==' takes one value, given \[1\]"),
        (("a", "==", float("nan")), "float64", "a missing value can't be compared with"),
        (("a", "in", [1, None]), None, "a missing value can't be compared with"),
        (("a", "==", "1"), "int64", "declared int64: compare with a number, not '1'"),
        (("a", "==", True), "float64", "declared float64: compare with a number, not True"),
        (("a", "==", 1), "string", "declared string: compare with a string, not 1"),
        (("a", "==", 1), "bool", "declared bool: compare with true or false, not 1"),
        (("a", ">", 2013), "datetime", "compare with a time such as .*, not 2013"),
        (("a", ">", "now"), "datetime", "compare with a time such as .*, not 'now'"),
        (("a", ">", "June"), "datetime", "compare with a time such as .*, not 'June'"),
    ],
)
def test_a_filter_that_cannot_be_meant_is_told(
    given: Filter, dtype: Dtype | None, told: str
) -> None:
    with pytest.raises(ColumnError, match=told):
        checked_filter(given, dtype)


@pytest.mark.parametrize(
    "time",
    [
        "2013-10-01T02:00:00+02:00",
        "2013-10-01",
        pd.Timestamp("2013-10-01"),
        datetime(2013, 10, 1, tzinfo=UTC),
        np.datetime64("2013-10-01"),
    ],
)
def test_a_time_is_compared_in_utc_however_it_is_written(time: str | datetime) -> None:
    _, _, value = checked_filter(("a", ">", time), "datetime")

    assert value == pd.Timestamp("2013-10-01T00:00Z")


def test_values_become_plain() -> None:
    numbers = pd.Series([1, 2]).to_numpy()

    _, _, values = checked_filter(("a", "in", numbers), "float64")

    assert isinstance(values, list)
    assert [type(value) for value in values] == [int, int]


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        (("a", "!=", 1), [2.0]),
        (("a", "==", 1), [1.0]),
        (("a", "in", [1, 2]), [1.0, 2.0]),
        (("a", "<", 9), [1.0, 2.0]),
    ],
)
def test_a_missing_value_fulfils_nothing(condition: Filter, kept: list[float]) -> None:
    frame = pd.DataFrame({"a": [1.0, None, 2.0]})

    assert fulfilling(frame, condition)["a"].to_list() == kept


def test_an_undeclared_column_that_cannot_be_compared_is_told() -> None:
    frame = pd.DataFrame({"a": ["x"]})

    with pytest.raises(ColumnError, match="a column of str can't be compared by '<' with 1"):
        fulfilling(frame, ("a", "<", 1))
