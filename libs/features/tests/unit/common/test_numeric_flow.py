import numpy as np
import pandas as pd
import pytest

from ropewalk.features import FeatureColumnError
from ropewalk.features.build_numeric_features.filter import Filter


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, 0]),
        pd.Series([True, False]),
        pd.Series([1, 0], dtype="uint8"),
        pd.Series([1.0, 0.0], dtype="float32"),
        pd.array([1, 0], dtype="Int64"),
        pd.array([True, False], dtype="boolean"),
        pd.array([1.0, 0.0], dtype="Float64"),
        pd.Series([1, 0.0], dtype=object),
    ],
)
def test_every_kind_of_number_is_float64(column: pd.Series) -> None:
    numbers = Filter(quantiles=None).fit_transform(pd.DataFrame({"a": column, "b": [None, 1]}))

    assert numbers.dtype == np.float64
    np.testing.assert_array_equal(numbers, [[1.0, np.nan], [0.0, 1.0]])


@pytest.mark.parametrize("dtype", [object, "str", "float64", "Int64"])
def test_a_row_with_nothing_in_it_needs_no_type(dtype: str) -> None:
    flow = Filter().fit(pd.DataFrame({"a": [1.0, 2.0]}))

    alone = flow.transform(pd.DataFrame({"a": pd.Series([None], dtype=dtype)}))

    np.testing.assert_array_equal(alone, [[np.nan]])


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["JFK", "LGA"]),
        pd.Series(["JFK", 1], dtype=object),
        pd.Series(["JFK", "LGA"], dtype="category"),
        pd.to_datetime(pd.Series(["2013-01-01", "2013-01-02"])),
    ],
)
def test_what_is_no_number_is_refused_by_name(column: pd.Series) -> None:
    with pytest.raises(FeatureColumnError, match=r"column 'origin' is of type .*, not a number"):
        Filter().fit(pd.DataFrame({"distance": [1.0, 2.0], "origin": column}))
