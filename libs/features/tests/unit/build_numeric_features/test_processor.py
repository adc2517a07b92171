from typing import Any

import numpy as np
import pandas as pd
import pytest

from ropewalk.features import BuildNumericFeatures, FeatureError

FLIGHTS = pd.DataFrame(
    {
        "distance": [100.0, 200.0, 400.0, 300.0],
        "wind_gust": [20.0, np.nan, np.inf, 30.0],
        "year": [2013.0] * 4,
        "wind_speed": [10.0, np.nan, np.nan, 50.0],
        "never": [np.nan] * 4,
    }
)


def test_gaps_are_filled_and_marked_and_the_same_mark_is_made_once() -> None:
    flow = BuildNumericFeatures(quantiles=None, threshold=None)
    flow.set_output(transform="pandas").fit(FLIGHTS)

    pd.testing.assert_frame_equal(
        pd.DataFrame(flow.transform(FLIGHTS)),
        pd.DataFrame(
            {
                "distance": [100.0, 200.0, 400.0, 300.0],
                "wind_gust": [20.0, 25.0, 25.0, 30.0],
                "wind_speed": [10.0, 30.0, 30.0, 50.0],
                "missingindicator_wind_gust": [0.0, 1.0, 1.0, 0.0],
            }
        ),
    )
    told = {row["column"]: (row["action"], row["reason"]) for row in flow.account_}
    assert told == {
        "distance": ("kept", "nothing to mend"),
        "wind_gust": (
            "changed",
            "1 infinite made missing; 2 missing filled with the median 25 and marked",
        ),
        "year": ("dropped", "constant"),
        "wind_speed": ("changed", "2 missing filled with the median 30 and marked"),
        "never": ("dropped", "missing everywhere"),
        "missingindicator_wind_speed": (
            "dropped",
            "the same values as 'missingindicator_wind_gust'",
        ),
        "missingindicator_never": ("dropped", "constant"),
    }


def test_a_gap_never_seen_while_fitting_is_filled() -> None:
    flow = BuildNumericFeatures().fit(FLIGHTS[["distance"]])

    assert flow.transform(pd.DataFrame({"distance": [np.nan]})) == 250.0


def test_none_leaves_gaps_and_marks_nothing() -> None:
    flow = BuildNumericFeatures(impute=None).set_output(transform="pandas").fit(FLIGHTS)

    built = pd.DataFrame(flow.transform(FLIGHTS))

    assert list(built) == ["distance", "wind_gust", "wind_speed"]
    assert built.isna().sum().to_dict() == {"distance": 0, "wind_gust": 2, "wind_speed": 2}


def test_scaled_columns_have_mean_0_and_deviation_1() -> None:
    built = BuildNumericFeatures(scale=True).fit_transform(FLIGHTS)

    np.testing.assert_allclose(built.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(built.std(axis=0), 1)


def test_what_is_learnt_comes_from_the_training_rows_alone() -> None:
    flow = BuildNumericFeatures().fit(FLIGHTS)
    before = flow.transform(FLIGHTS)

    flow.transform(FLIGHTS * 1000)

    np.testing.assert_array_equal(flow.transform(FLIGHTS), before)


@pytest.mark.parametrize(
    "parameters", [{"impute": "mode"}, {"quantiles": (1.0, 0.0)}, {"threshold": 7.0}]
)
def test_parameters_of_no_use_are_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(FeatureError, match=f"{next(iter(parameters))}="):
        BuildNumericFeatures(**parameters).fit(FLIGHTS)
