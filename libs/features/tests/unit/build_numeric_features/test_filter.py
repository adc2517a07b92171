import numpy as np
import pandas as pd
import pytest

from ropewalk.features import FeatureError
from ropewalk.features.build_numeric_features.filter import Filter


def test_clips_later_rows_to_the_quantiles_of_the_training_rows() -> None:
    training = pd.DataFrame({"wind_speed": np.arange(101.0)})
    clip = Filter(quantiles=(0.05, 0.95)).fit(training)

    clipped = clip.transform(pd.DataFrame({"wind_speed": [-1e9, 5.0, 50.5, 96.0]}))

    np.testing.assert_allclose(clipped.ravel(), [5.0, 5.0, 50.5, 95.0])
    assert clip.account_ == [
        {"column": "wind_speed", "action": "changed", "reason": "10 clipped to 5 .. 95"}
    ]


def test_infinite_values_become_missing_and_don_t_count_for_the_quantiles() -> None:
    clip = Filter(quantiles=(0.0, 1.0)).fit(pd.DataFrame({"a": [1.0, 2.0, np.inf, -np.inf]}))

    np.testing.assert_array_equal(
        clip.transform(pd.DataFrame({"a": [np.inf, -np.inf, 3.0, np.nan]})).ravel(),
        [np.nan, np.nan, 2.0, np.nan],
    )
    assert clip.account_[0]["reason"] == "2 infinite made missing"


def test_a_rare_event_is_not_clipped_away() -> None:
    rain = pd.DataFrame({"precip": [0.0] * 9_999 + [1.5]})

    assert Filter().fit_transform(rain).max() == 1.5


def test_a_column_missing_everywhere_stays_so() -> None:
    gone = pd.DataFrame({"a": [np.nan, np.nan]})

    assert np.isnan(Filter().fit_transform(gone)).all()


def test_none_clips_nothing() -> None:
    clip = Filter(quantiles=None).fit(pd.DataFrame({"a": [1.0, 2.0]}))

    assert clip.transform(pd.DataFrame({"a": [99.0]})) == 99.0


@pytest.mark.parametrize("quantiles", [(0.9, 0.1), (-0.1, 0.9), (0.1, 1.5), (0.5, 0.5)])
def test_quantiles_of_no_use_are_refused(quantiles: tuple[float, float]) -> None:
    with pytest.raises(FeatureError, match="quantiles="):
        Filter(quantiles=quantiles).fit(pd.DataFrame({"a": [1.0, 2.0]}))
