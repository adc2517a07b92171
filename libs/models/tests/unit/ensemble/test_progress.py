from __future__ import annotations

from collections.abc import Callable

import joblib
import lightgbm  # noqa: F401  (named, so that Pants gives it: the source imports it lazily)
import numpy as np
import pytest
import rich  # noqa: F401  (the same, for the bar of scikit-learn)
import xgboost  # noqa: F401  (the same)
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackContext, ProgressBar
from sklearn.pipeline import make_pipeline

from ropewalk.models.ensemble import (
    HistogramBoostingClassifier,
    HistogramBoostingRegressor,
    RandomForestAllFeaturesRegressor,
    RandomForestNoFeaturesClassifier,
)
from ropewalk.models.ensemble.boosting.lightgbm_boosting import LightgbmRegressor
from ropewalk.models.ensemble.boosting.xgboost_boosting import XgboostRegressor

FOREST = RandomForestAllFeaturesRegressor(25, random_state=0)
WATCHED = [
    (FOREST, 10),
    (RandomForestAllFeaturesRegressor(3, random_state=0), 3),
    (RandomForestNoFeaturesClassifier(25, random_state=0), 10),
    (HistogramBoostingRegressor(max_iter=7, random_state=0), 7),
    (HistogramBoostingRegressor(loss="absolute_error", max_iter=7, random_state=0), 7),
    (HistogramBoostingClassifier(max_iter=7, random_state=0), 7),
    (LightgbmRegressor(max_iter=7, random_state=0), 7),
    (XgboostRegressor(max_iter=7, random_state=0), 7),
]


class Watch:
    """What happened, in order, and of how many steps."""

    max_propagation_depth = None  # Pipelines hand it on to their steps.

    def __init__(self) -> None:
        self.seen: list[str] = []

    def setup(self, estimator: BaseEstimator, context: CallbackContext) -> None:
        self.seen.append("setup")

    def teardown(self, estimator: BaseEstimator, context: CallbackContext) -> None:
        self.seen.append("teardown")

    def on_fit_task_begin(self, estimator: BaseEstimator, context: CallbackContext) -> None:
        if context.max_subtasks:
            self.seen.append(f"{context.estimator_name} of {context.max_subtasks}")

    def on_fit_task_end(self, estimator: BaseEstimator, context: CallbackContext) -> None:
        self.seen.append(context.task_name)


def _rows() -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(0).normal(size=(300, 3))
    return X, (X[:, 0] > 0) * 1


@pytest.mark.parametrize(("model", "steps"), WATCHED)
def test_tells_each_step_and_leaves_the_model_as_it_is(model: BaseEstimator, steps: int) -> None:
    X, y = _rows()
    watch, weight = Watch(), np.linspace(0, 2, len(X))
    alone = joblib.hash(model.set_callbacks().fit(X, y, sample_weight=weight))

    model.set_callbacks(watch).fit(X, y, sample_weight=weight)

    assert watch.seen == [
        "setup",
        f"{type(model).__name__} of {steps}",
        *["step"] * steps,
        "fit",
        "teardown",
    ]
    assert joblib.hash(model.set_callbacks()) == alone


def test_a_pipeline_hands_it_on_and_takes_it_off() -> None:
    X, y = _rows()
    watch = Watch()
    pipeline = make_pipeline(RandomForestAllFeaturesRegressor(25, random_state=0))

    pipeline.set_callbacks(watch).fit(X, y)

    assert watch.seen.count("step") == 10
    assert "_skl_callbacks" not in vars(pipeline[-1])


def test_a_fit_that_fails_is_torn_down() -> None:
    watch = Watch()

    with pytest.raises(ValueError, match="n_estimators"):
        RandomForestAllFeaturesRegressor(0).set_callbacks(watch).fit(*_rows())

    assert watch.seen[-1] == "teardown"


def test_a_generator_that_is_drawn_from_gives_the_same_in_one_step() -> None:
    X, y = _rows()
    alone = RandomForestAllFeaturesRegressor(25, random_state=np.random.RandomState(0)).fit(X, y)
    watch = Watch()

    model = RandomForestAllFeaturesRegressor(25, random_state=np.random.RandomState(0))
    model.set_callbacks(watch).fit(X, y)

    np.testing.assert_array_equal(model.predict(X), alone.predict(X))
    assert watch.seen.count("step") == 1


def test_scikit_learns_bar_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    RandomForestAllFeaturesRegressor(25, random_state=0).set_callbacks(ProgressBar()).fit(*_rows())

    assert "100%" in capsys.readouterr().out


@pytest.mark.parametrize("make", [HistogramBoostingRegressor, LightgbmRegressor, XgboostRegressor])
def test_boosting_that_stops_early_tells_of_the_trees_that_it_grew(
    make: Callable[..., BaseEstimator],
) -> None:
    X, y = _rows()
    watch = Watch()
    model = make(max_iter=300, learning_rate=0.3, early_stopping=True, n_iter_no_change=5)

    model.set_callbacks(watch).fit(X, y)

    steps = watch.seen.count("step")
    # The last ones did not help, and LightGBM and XGBoost leave them out.
    assert steps < 300
    assert steps - model.n_iter_ in (0, 5)
    assert watch.seen[-2:] == ["fit", "teardown"]
