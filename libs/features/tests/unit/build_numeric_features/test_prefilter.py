import numpy as np
import pandas as pd
import pytest

from ropewalk.features import FeatureColumnError, FeatureRowsError, prefilter

FLIGHTS = pd.DataFrame(
    {
        "arr_delay": [1.0, None, np.inf, 4.0, None],
        "dest": ["BOS", None, "IAH", None, "BOS"],
        "tailnum": [None, "N1", "N2", "N3", "N4"],
    },
    index=[7, 7, 8, 9, 10],
)


def test_rows_are_counted_once_under_their_first_reason() -> None:
    before = FLIGHTS.copy()

    kept, dropped = prefilter(FLIGHTS, target="arr_delay", required=["dest"])

    pd.testing.assert_frame_equal(kept, FLIGHTS.iloc[[0]])
    assert dropped == {
        "target 'arr_delay' is missing": 2,
        "target 'arr_delay' is infinite": 1,
        "'dest' is missing": 1,
    }
    pd.testing.assert_frame_equal(FLIGHTS, before)


def test_nothing_to_drop_counts_nothing() -> None:
    kept, dropped = prefilter(FLIGHTS[:1], target="arr_delay")

    assert (len(kept), dropped) == (1, {})


def test_a_target_of_text_or_nullable_numbers() -> None:
    for dtype in ("str", "Int64", "Float64", "category"):
        frame = pd.DataFrame({"y": pd.Series([1, None], dtype=dtype)})

        assert prefilter(frame, target="y")[1] == {"target 'y' is missing": 1}


def test_an_unknown_column_is_told_with_the_nearest() -> None:
    with pytest.raises(FeatureColumnError, match=r"no column 'dst'; did you mean 'dest'\?$"):
        prefilter(FLIGHTS, target="arr_delay", required=["dst"])
    with pytest.raises(FeatureColumnError, match=r"no column 'delay'"):
        prefilter(FLIGHTS, target="delay")


def test_text_for_a_list_is_told() -> None:
    with pytest.raises(FeatureColumnError, match=r"write \['dest'\]"):
        prefilter(FLIGHTS, target="arr_delay", required="dest")


def test_a_column_twice_is_told() -> None:
    with pytest.raises(FeatureColumnError, match="'dest' is there twice"):
        prefilter(pd.concat([FLIGHTS, FLIGHTS[["dest"]]], axis=1), "arr_delay", ["dest"])


def test_no_row_left_is_told_with_the_reasons() -> None:
    with pytest.raises(FeatureRowsError, match=r"none of 1 rows .* 'arr_delay' is infinite: 1"):
        prefilter(FLIGHTS.iloc[[2]], target="arr_delay")
    with pytest.raises(FeatureRowsError, match="the frame is empty"):
        prefilter(FLIGHTS[:0], target="arr_delay")
