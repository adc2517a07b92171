from typing import Any

import numpy as np
import pandas as pd
import pytest

from ropewalk.features import BuildCategoricalFeatures, FeatureColumnError, FeatureError


def _fitted(values: list[Any], **parameters: Any) -> BuildCategoricalFeatures:
    return BuildCategoricalFeatures(**parameters).fit(pd.DataFrame({"level": values}))


def test_levels_are_ordered_by_count_and_then_by_name() -> None:
    assert _fitted(["c", "b", "a", "c", "d"]).levels_ == [["c", "a", "b", "d"]]


def test_the_order_of_rows_does_not_matter() -> None:
    values = ["c", "b", "a", "c", "d", None]

    assert _fitted(values).levels_ == _fitted(values[::-1]).levels_


def test_at_most_so_many_levels_and_each_often_enough() -> None:
    values = ["a"] * 3 + ["b"] * 2 + ["c"] * 2 + ["d"]

    assert _fitted(values, max_levels=2).levels_ == [["a", "b"]]
    flow = _fitted(values, min_count=2)
    assert flow.levels_ == [["a", "b", "c"]]
    assert flow.account_ == [
        {
            "column": "level",
            "action": "changed",
            "reason": "3 of 4 levels; 1 rows in 'other', 0 in 'missing'",
        }
    ]


def test_unknown_is_other_and_missing_is_its_own_level() -> None:
    flow = _fitted(["a", "b", "a"])
    later = pd.DataFrame({"level": ["z", None, "b", "other", "missing"]})

    np.testing.assert_array_equal(
        flow.transform(later),
        [[0, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
    )
    assert list(flow.get_feature_names_out()) == [
        "level=a",
        "level=b",
        "level=other",
        "level=missing",
    ]


def test_the_texts_other_and_missing_mean_the_buckets() -> None:
    flow = _fitted(["other", "missing", "a", None, "b", "b"], max_levels=1)

    assert flow.levels_ == [["b"]]
    assert flow.account_[0]["reason"] == "1 of 2 levels; 2 rows in 'other', 2 in 'missing'"


def test_ordinal_gives_positions() -> None:
    flow = _fitted(["a", "b", "a"], encoding="ordinal")
    later = pd.DataFrame({"level": ["a", "b", "z", None]})

    assert flow.transform(later).ravel().tolist() == [0.0, 1.0, 2.0, 3.0]
    assert list(flow.get_feature_names_out()) == ["level"]


@pytest.mark.parametrize(
    "later",
    [
        pd.Series([2.0, np.nan]),
        pd.Series(["2", None]),
        pd.Series([2, None], dtype=object),
        pd.Series([2, None], dtype="Int64"),
        pd.Series(["2", None], dtype="category"),
    ],
)
def test_a_number_is_the_level_of_its_text(later: pd.Series) -> None:
    flow = _fitted([1, 2, 1], encoding="ordinal")

    assert flow.transform(pd.DataFrame({"level": later})).ravel().tolist() == [1.0, 3.0]


def test_a_column_missing_everywhere_has_the_two_buckets() -> None:
    assert _fitted([None, None]).transform(pd.DataFrame({"level": ["a"]})).tolist() == [[1.0, 0.0]]


def test_booleans_are_levels() -> None:
    assert _fitted([True, False, True]).levels_ == [["True", "False"]]


def test_times_and_lists_are_no_levels() -> None:
    with pytest.raises(FeatureColumnError, match="give it to BuildDatetimeFeatures"):
        BuildCategoricalFeatures().fit(pd.DataFrame({"t": pd.to_datetime(["2013-01-01"])}))
    with pytest.raises(FeatureColumnError, match="'level' holds a list, which is no category"):
        _fitted([["a"], "b"])


@pytest.mark.parametrize(
    "parameters", [{"encoding": "one-hot"}, {"max_levels": 0}, {"min_count": -1}]
)
def test_parameters_of_no_use_are_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(FeatureError, match=f"{next(iter(parameters))}="):
        _fitted(["a"], **parameters)
