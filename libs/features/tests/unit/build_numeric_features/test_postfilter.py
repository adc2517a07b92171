import numpy as np
import pandas as pd
import pytest

from ropewalk.features import FeatureColumnError, FeatureError
from ropewalk.features.build_numeric_features.postfilter import Postfilter

BASE = np.array([1.0, 2.0, 4.0, 8.0, 3.0])
OTHER = np.array([5.0, 1.0, 1.0, 2.0, 9.0])


def _kept(frame: pd.DataFrame, threshold: float | None = 0.999) -> list[str]:
    return list(Postfilter(threshold=threshold).fit(frame).get_feature_names_out())


def test_of_columns_that_say_the_same_the_first_stays() -> None:
    frame = pd.DataFrame(
        {"a": BASE, "same": BASE, "line": 7 - 3 * BASE, "b": OTHER, "one": 1.0, "gone": np.nan}
    )
    keep = Postfilter().fit(frame)

    assert list(keep.get_feature_names_out()) == ["a", "b"]
    np.testing.assert_array_equal(keep.transform(frame), frame[["a", "b"]])
    assert {row["column"]: row["reason"] for row in keep.account_} == {
        "a": "says something",
        "same": "the same values as 'a'",
        "line": "correlation 1.0000 with 'a'",
        "b": "says something",
        "one": "constant",
        "gone": "missing everywhere",
    }


def test_none_keeps_what_is_only_on_a_line() -> None:
    frame = pd.DataFrame({"a": BASE, "same": BASE, "line": 7 - 3 * BASE})

    assert _kept(frame, threshold=None) == ["a", "line"]


def test_other_gaps_are_another_column() -> None:
    gaps = pd.DataFrame({"a": BASE, "b": BASE, "c": BASE, "d": BASE})
    gaps.loc[0, ["b", "c"]] = np.nan
    gaps.loc[1, "d"] = np.nan

    assert _kept(gaps) == ["a", "b", "d"]


def test_one_value_and_gaps_says_which_rows_have_it() -> None:
    assert _kept(pd.DataFrame({"a": [1.0, np.nan, 1.0], "b": [1.0, 2.0, 4.0]})) == ["a", "b"]


def test_huge_and_infinite_values_do_no_harm() -> None:
    frame = pd.DataFrame({"a": BASE / 8 * 1e308, "b": OTHER, "c": [np.inf, 1.0, 2.0, 3.0, 4.0]})

    assert _kept(frame) == ["a", "b", "c"]


def test_two_rows_are_no_line() -> None:
    assert _kept(pd.DataFrame({"a": [1.0, 2.0], "b": [5.0, 1.0]})) == ["a", "b"]


def test_the_account_under_other_names() -> None:
    keep = Postfilter().fit(np.column_stack([BASE, BASE]))

    assert keep.tell(["a", "b"])[1]["reason"] == "the same values as 'a'"


def test_nothing_left_is_told() -> None:
    with pytest.raises(FeatureColumnError, match="none of 2 columns varies over 3 samples"):
        Postfilter().fit(pd.DataFrame({"a": [1.0] * 3, "b": [np.nan] * 3}))


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.1])
def test_a_threshold_of_no_use_is_refused(threshold: float) -> None:
    with pytest.raises(FeatureError, match="threshold="):
        Postfilter(threshold=threshold).fit(pd.DataFrame({"a": BASE}))
