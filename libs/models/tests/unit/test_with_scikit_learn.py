"""What scikit-learn has already works with the models of this library, on a frame as loaded."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.model_selection import cross_val_score

from ropewalk.models import (
    TRUSTED_TYPES,
    RandomForestNoFeaturesClassifier,
    RandomForestNoFeaturesRegressor,
    TimeFolds,
    calibration_error,
)


def _flights(rows: int) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
    """Make flights whose delay comes of origin and hour, and of nothing else."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "origin": random.choice(["EWR", "JFK", "LGA"], size=rows),
            "hour": random.integers(5, 23, size=rows).astype(np.float64),
            "flight": random.normal(size=rows),
            "sched": pd.Timestamp("2013-01-01") + pd.to_timedelta(np.arange(rows), unit="h"),
        }
    )
    expected = 20 * (frame["origin"] == "JFK") + 2 * frame["hour"]
    return frame, (expected + random.normal(size=rows)).to_numpy()


FRAME, DELAY = _flights(1200)
X = FRAME.drop(columns="sched")
REGRESSOR = RandomForestNoFeaturesRegressor(n_estimators=20, random_state=0)


def test_permutation_importance_finds_what_the_delay_comes_of() -> None:
    train, test = X[:800], X[800:]

    found = permutation_importance(
        REGRESSOR.fit(train, DELAY[:800]), test, DELAY[800:], n_repeats=3, random_state=0
    )

    importance = pd.Series(found.importances_mean, index=X.columns)
    assert importance["origin"] > 0.5
    assert importance["hour"] > 0.5
    assert abs(importance["flight"]) < 0.02


def test_partial_dependence_tells_the_effect_of_a_level_and_of_a_number() -> None:
    model = REGRESSOR.fit(X, DELAY)

    origin = partial_dependence(model, X, ["origin"], categorical_features=["origin"])
    hour = partial_dependence(model, X, ["hour"], grid_resolution=10)

    effect = dict(zip(origin["grid_values"][0], origin["average"][0], strict=True))
    # Trees of few columns each draw effects together, and their order stays.
    assert effect["JFK"] > max(effect["EWR"], effect["LGA"]) + 8
    assert effect["EWR"] == pytest.approx(effect["LGA"], abs=3)
    slope = np.polyfit(hour["grid_values"][0], hour["average"][0], 1)[0]
    assert 1 < slope < 2.2


def test_cross_val_score_takes_time_folds() -> None:
    scores = cross_val_score(REGRESSOR, X, DELAY, cv=TimeFolds(3), groups=FRAME["sched"])

    assert (scores > 0.5).all()


@pytest.mark.parametrize(
    ("method", "at_most"),
    # Temperature draws probabilities to one half and can't shift them.
    [("sigmoid", 0.06), ("isotonic", 0.06), ("temperature", 0.13)],
)
def test_probabilities_are_calibrated_on_later_rows_and_come_back_from_a_file(
    method: Literal["sigmoid", "isotonic", "temperature"], at_most: float
) -> None:
    random = np.random.default_rng(1)
    frame, _ = _flights(6000)
    frame = frame.drop(columns="sched")
    late = random.uniform(size=6000) < 0.2 + 0.4 * (frame["origin"] == "JFK")
    # Leaves of one row make a forest that is far too sure.
    forest = RandomForestNoFeaturesClassifier(n_estimators=10, min_samples_leaf=1, random_state=0)
    train, test = frame[:3000], frame[3000:]

    raw = forest.fit(train, late[:3000]).predict_proba(test)[:, 1]
    model = CalibratedClassifierCV(forest, method=method, cv=TimeFolds(3))
    model.fit(train, late[:3000])
    calibrated = model.predict_proba(test)[:, 1]

    assert calibration_error(late[3000:], raw) > 0.15
    assert calibration_error(late[3000:], calibrated) < at_most
    back = skops.io.loads(skops.io.dumps(model), trusted=list(TRUSTED_TYPES))
    np.testing.assert_array_equal(back.predict_proba(test)[:, 1], calibrated)
