"""The flows side by side, as a pipeline has them."""

import numpy as np
import pandas as pd
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline

from ropewalk.features import (
    TRUSTED_TYPES,
    BuildCategoricalFeatures,
    BuildDatetimeFeatures,
    BuildNumericFeatures,
    BuildTextFeatures,
)

FLIGHTS = pd.DataFrame(
    {
        "distance": [187.0, None, 2475.0, 733.0],
        "origin": ["JFK", "LGA", None, "JFK"],
        "departure": pd.to_datetime(["2013-01-01 05:15Z", "2013-01-02 18:00Z", "NaT", "NaT"]),
        "airline": ["Delta Air Lines Inc.", None, "United", "Delta Air Lines Inc."],
    }
)


def test_a_model_on_all_flows_answers_row_by_row_after_skops() -> None:
    flows = ColumnTransformer(
        [
            ("numeric", BuildNumericFeatures(), ["distance"]),
            ("categorical", BuildCategoricalFeatures(), ["origin"]),
            ("datetime", Pipeline([("parts", BuildDatetimeFeatures()), ("fill", _numeric())]), [2]),
            ("text", BuildTextFeatures(n_features=4), ["airline"]),
        ]
    )
    model = Pipeline([("features", flows), ("model", LinearRegression())])
    model.fit(FLIGHTS, [1.0, 2.0, 3.0, 4.0])

    again = skops.io.loads(skops.io.dumps(model), trusted=TRUSTED_TYPES)

    one_by_one = [again.predict(FLIGHTS.iloc[[number]])[0] for number in range(len(FLIGHTS))]
    np.testing.assert_allclose(one_by_one, model.predict(FLIGHTS))
    names = list(flows.fit(FLIGHTS).get_feature_names_out())
    assert names[:2] == ["numeric__distance", "numeric__missingindicator_distance"]
    assert names[-1] == "text__airline_hash_3"


def _numeric() -> BuildNumericFeatures:
    return BuildNumericFeatures(quantiles=None, threshold=None)
