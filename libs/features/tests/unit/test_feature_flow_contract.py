"""Every flow keeps the contract, and comes back from skops as it was."""

from abc import abstractmethod

import numpy as np
import pandas as pd
import skops.io

from ropewalk.features import (
    TRUSTED_TYPES,
    BuildCategoricalFeatures,
    BuildDatetimeFeatures,
    BuildHistoryFeatures,
    BuildNumericFeatures,
    BuildTextFeatures,
    FeatureFlow,
    FeatureFlowContract,
)
from ropewalk.features.build_numeric_features.filter import Filter
from ropewalk.features.build_numeric_features.postfilter import Postfilter


class _FlowOfThisLibrary(FeatureFlowContract):
    @abstractmethod
    def make_flow(self) -> FeatureFlow: ...

    def test_comes_back_from_skops(self) -> None:
        data = self.make_data()
        for container in ("default", "pandas"):
            flow = self.make_flow().set_output(transform=container).fit(data)

            stored = skops.io.dumps(flow)
            untrusted = skops.io.get_untrusted_types(data=stored)
            again = skops.io.loads(stored, trusted=TRUSTED_TYPES)

            assert set(untrusted) <= set(TRUSTED_TYPES)
            np.testing.assert_array_equal(again.transform(data), flow.transform(data))
            assert list(again.get_feature_names_out()) == list(flow.get_feature_names_out())
            assert again.account_ == flow.account_


class _Numbers(_FlowOfThisLibrary):
    def make_data(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "distance": [187.0, 2475.0, 733.0, 1400.0, np.nan],
                "seats": pd.array([20, 55, None, 200, 149], dtype="Int64"),
                "air_time": [40, 330, 120, 200, 95],
                "air_time_again": [40, 330, 120, 200, 95],
                "cancelled": [False, True, False, False, True],
                "wind_gust": [np.inf, 20.0, np.nan, 25.0, -np.inf],
                "year": [2013] * 5,
                "never": [np.nan] * 5,
            }
        )


class TestNumeric(_Numbers):
    def make_flow(self) -> FeatureFlow:
        return BuildNumericFeatures()


class TestNumericWithGapsLeft(_Numbers):
    def make_flow(self) -> FeatureFlow:
        return BuildNumericFeatures(impute=None, quantiles=None, threshold=None)


class TestNumericScaled(_Numbers):
    def make_flow(self) -> FeatureFlow:
        return BuildNumericFeatures(impute="mean", scale=True)


class TestFilter(_Numbers):
    def make_flow(self) -> FeatureFlow:
        return Filter()


class TestPostfilter(_Numbers):
    def make_flow(self) -> FeatureFlow:
        return Postfilter()


class _Categories(_FlowOfThisLibrary):
    def make_data(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "origin": ["JFK", "LGA", "JFK", None],
                "carrier": pd.Categorical(["UA", None, "B6", "UA"], categories=["B6", "UA", "??"]),
                "engines": [2.0, np.nan, 2.0, 4.0],
                "mixed": pd.Series([1, "1", None, True], dtype=object),
            }
        )


class TestOneHot(_Categories):
    def make_flow(self) -> FeatureFlow:
        return BuildCategoricalFeatures(max_levels=2)


class TestOrdinal(_Categories):
    def make_flow(self) -> FeatureFlow:
        return BuildCategoricalFeatures(encoding="ordinal", min_count=2)


class TestDatetime(_FlowOfThisLibrary):
    def make_flow(self) -> FeatureFlow:
        return BuildDatetimeFeatures()

    def make_data(self) -> pd.DataFrame:
        aware = pd.to_datetime(["2013-03-31 23:59Z", "2013-07-01 00:00Z", "NaT"])
        return pd.DataFrame(
            {
                "scheduled_departure": aware.as_unit("us"),
                "local": aware.tz_convert("America/New_York"),
                "naive": aware.tz_localize(None).as_unit("s"),
            }
        )


class TestDatetimeElsewhere(TestDatetime):
    def make_flow(self) -> FeatureFlow:
        return BuildDatetimeFeatures(["month", "day", "day_of_year"], timezone="Asia/Kolkata")


class TestHistory(_FlowOfThisLibrary):
    def make_flow(self) -> FeatureFlow:
        return BuildHistoryFeatures(
            value="dep_delay",
            known_at="departed_at",
            moment="scheduled_departure",
            windows=[{"by": ["origin"], "hours": 2}, {"by": ["origin", "tailnum"], "hours": 0.5}],
            backlog=[{"by": [], "hours": 24}],
        )

    def make_data(self) -> pd.DataFrame:
        scheduled = pd.Series(
            pd.to_datetime(["2013-01-01 08:00Z", "2013-01-01 08:00Z", "2013-01-01 08:20Z", "NaT"])
        )
        delays = pd.Series([10.0, np.nan, -5.0, 3.0])
        return pd.DataFrame(
            {
                "dep_delay": delays,
                "departed_at": scheduled + pd.to_timedelta(delays, unit="min"),
                "scheduled_departure": scheduled,
                "origin": ["JFK", "JFK", "JFK", None],
                "tailnum": ["N14228", None, "N14228", "N14228"],
            }
        )

    def test_a_row_alone_gives_what_it_gives_in_a_batch(self) -> None:
        """It does not, by its nature: history is in the other rows, and a row alone has none."""
        data = self.make_data()
        flow = self._fitted()

        alone = np.vstack([flow.transform(data.iloc[[number]]) for number in range(len(data))])

        assert flow.transform(data)[:, 1].any()
        np.testing.assert_array_equal(alone, [[np.nan, 0, np.nan, 0, 0]] * len(data))


class TestText(_FlowOfThisLibrary):
    def make_flow(self) -> FeatureFlow:
        return BuildTextFeatures(n_features=8)

    def make_data(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "airline_name": ["Delta Air Lines Inc.", None, "Ελλάδα 航空", ""],
                "plane_model": pd.Series(
                    ["A320-232", "EMB-145LR", None, "737\ud800"], dtype=object
                ),
            }
        )


class TestTextOfCharacters(TestText):
    def make_flow(self) -> FeatureFlow:
        return BuildTextFeatures(kind="characters", norm=None)


def test_every_trusted_type_is_there() -> None:
    for name in TRUSTED_TYPES:
        module, _, kind = name.rpartition(".")
        assert isinstance(getattr(__import__(module, fromlist=[kind]), kind), type)
