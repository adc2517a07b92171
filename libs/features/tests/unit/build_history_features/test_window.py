import math
from typing import Any

import pytest

from ropewalk.features import FeatureError
from ropewalk.features.build_history_features.window import check_windows, ending


@pytest.mark.parametrize(
    ("windows", "told"),
    [
        ({"by": ["origin"], "hours": 2}, "give a list"),
        ("origin", "give a list"),
        (2, "give a list"),
        (["origin"], "windows[0]='origin': give a mapping"),
        (
            [{"by": ["origin"], "hours": 2}, {"by": ["origin"], "hour": 2}],
            "windows[1]: there is no 'hour'; did you mean 'hours'?",
        ),
        ([{"hours": 2}], "windows[0]: 'by' is missing"),
        ([{"by": "origin", "hours": 2}], "write ['origin']"),
        ([{"by": [1], "hours": 2}], "by=[1]; give a list of column names"),
        ([{"by": None, "hours": 2}], "by=None; give a list of column names"),
        ([{"by": ["origin", "origin"], "hours": 2}], "has a column twice"),
        ([{"by": [], "hours": "2"}], "hours='2'; give a number"),
        ([{"by": [], "hours": True}], "hours=True; give a number"),
        ([{"by": [], "hours": 0}], "hours=0; give more than 0"),
        ([{"by": [], "hours": math.nan}], "hours=nan; give more than 0"),
        ([{"by": [], "hours": 1e6}], "hours=1000000.0; give more than 0 and at most 876600"),
        ([{"by": [], "hours": math.inf}], "hours=inf; give more than 0"),
    ],
)
def test_what_is_no_window_is_refused_in_one_line(windows: Any, told: str) -> None:
    with pytest.raises(FeatureError) as caught:
        check_windows("windows", windows)

    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_hours_are_named_as_they_are_written() -> None:
    assert [ending({"by": ["dest"], "hours": hours}) for hours in (24, 24.0, 0.25, 1 / 3)] == [
        "dest_24h",
        "dest_24h",
        "dest_0.25h",
        "dest_0.333333333333h",
    ]
