"""The flows side by side, as a pipeline has them."""

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline

from ropewalk.features import (
    TRUSTED_TYPES,
    BuildCategoricalFeatures,
    BuildDatetimeFeatures,
    BuildHistoryFeatures,
    BuildNumericFeatures,
    BuildTextFeatures,
    FeatureFlow,
)

FLIGHTS = pd.DataFrame(
    {
        "distance": [187.0, None, 2475.0, 733.0],
        "origin": ["JFK", "LGA", None, "JFK"],
        "departure": pd.to_datetime(["2013-01-01 05:15Z", "2013-01-02 18:00Z", "NaT", "NaT"]),
        "airline": ["Delta Air Lines Inc.", None, "United", "Delta Air Lines Inc."],
    }
)

HISTORY = BuildHistoryFeatures(
    value="distance",
    known_at="departure",
    moment="departure",
    windows=[{"by": [], "hours": 48}, {"by": ["airline"], "hours": 6}],
    backlog=[{"by": ["origin"], "hours": 24}],
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


@pytest.mark.parametrize("container", ["default", "pandas"])
@pytest.mark.parametrize(
    ("flow", "columns"),
    [
        (BuildNumericFeatures(scale=True), ["distance"]),
        (BuildNumericFeatures(impute=None), ["distance"]),
        (BuildCategoricalFeatures(), ["origin", "airline"]),
        (BuildCategoricalFeatures(encoding="ordinal"), ["origin"]),
        (BuildDatetimeFeatures(), ["departure"]),
        (BuildTextFeatures(n_features=4), ["airline"]),
        (HISTORY, ["distance", "departure", "airline", "origin"]),
    ],
)
def test_each_flow_beside_other_columns_comes_back_from_skops(
    flow: FeatureFlow, columns: list[str], container: str
) -> None:
    flows = ColumnTransformer(
        [("flow", flow, columns), ("kept", "passthrough", ["distance"])], remainder="drop"
    )
    pipeline = Pipeline([("features", flows)]).set_output(transform=container)
    built = pipeline.fit_transform(FLIGHTS)

    stored = skops.io.dumps(pipeline)
    again = skops.io.loads(stored, trusted=TRUSTED_TYPES)

    assert set(skops.io.get_untrusted_types(data=stored)) <= set(TRUSTED_TYPES)
    np.testing.assert_array_equal(again.transform(FLIGHTS), built)
    assert list(again.get_feature_names_out()) == list(pipeline.get_feature_names_out())


def test_history_is_made_on_all_rows_and_is_then_a_number_like_others() -> None:
    made = clone(HISTORY).set_output(transform="pandas").fit_transform(FLIGHTS)
    numbers = BuildNumericFeatures(impute=None, threshold=None).fit(made)

    later = pd.DataFrame({name: [3.0] for name in made})

    assert "history_distance_mean_48h" in list(numbers.get_feature_names_out())
    assert numbers.transform(later).shape == (1, len(numbers.get_feature_names_out()))


def _numeric() -> BuildNumericFeatures:
    return BuildNumericFeatures(quantiles=None, threshold=None)
