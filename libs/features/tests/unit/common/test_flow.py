"""What every flow does alike; shown on the flow for numbers."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.exceptions import NotFittedError

from ropewalk.features import BuildNumericFeatures, FeatureColumnError, FeatureRowsError

FLIGHTS = pd.DataFrame({"distance": [187.0, 733.0, 2475.0], "seats": [20, 149, 55]})


def test_a_misspelt_column_is_named_with_the_nearest() -> None:
    flow = BuildNumericFeatures().fit(FLIGHTS)

    with pytest.raises(FeatureColumnError) as caught:
        flow.transform(FLIGHTS.rename(columns={"distance": "distanec"}))

    assert str(caught.value) == (
        "BuildNumericFeatures: column 'distance' was there while fitting and is missing now; "
        "did you mean 'distanec'?"
    )


def test_more_missing_columns_are_counted() -> None:
    flow = BuildNumericFeatures().fit(FLIGHTS)

    with pytest.raises(FeatureColumnError, match=r"'distance' \(and 1 more\).*there are: price"):
        flow.transform(pd.DataFrame({"price": [1.0]}))


def test_a_column_twice_is_refused() -> None:
    twice = pd.concat([FLIGHTS, FLIGHTS[["seats"]]], axis=1)

    with pytest.raises(FeatureColumnError, match="'seats' is there twice"):
        BuildNumericFeatures().fit(twice)
    with pytest.raises(FeatureColumnError, match="'seats' is there twice"):
        BuildNumericFeatures().fit(FLIGHTS).transform(twice)


def test_a_frame_without_rows_or_columns_is_refused() -> None:
    with pytest.raises(FeatureRowsError, match="has no rows"):
        BuildNumericFeatures().fit(FLIGHTS.iloc[:0])
    with pytest.raises(FeatureColumnError, match="has no columns"):
        BuildNumericFeatures().fit(FLIGHTS[[]])


def test_not_fitted_is_told() -> None:
    with pytest.raises(NotFittedError):
        BuildNumericFeatures().transform(FLIGHTS)


def test_fitted_without_names_takes_columns_by_position() -> None:
    flow = BuildNumericFeatures().fit(FLIGHTS.to_numpy())

    np.testing.assert_array_equal(
        flow.transform(FLIGHTS), BuildNumericFeatures().fit_transform(FLIGHTS)
    )
    with pytest.raises(FeatureColumnError, match="X has 1 features"):
        flow.transform(FLIGHTS[["seats"]])


def test_fitting_again_forgets_the_names() -> None:
    flow = BuildNumericFeatures().fit(FLIGHTS).fit(FLIGHTS.to_numpy())

    assert list(flow.get_feature_names_out()) == ["x0", "x1"]


def test_the_global_output_of_scikit_learn_is_followed() -> None:
    flow = BuildNumericFeatures().fit(FLIGHTS)

    with config_context(transform_output="pandas"):
        frame: object = flow.transform(FLIGHTS)

    assert isinstance(frame, pd.DataFrame)
    assert list(frame) == ["distance", "seats"]
