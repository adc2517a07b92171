from __future__ import annotations

from importlib import import_module

import lightgbm  # noqa: F401  (named, so that Pants gives it: the source imports it lazily)
import numpy as np
import pandas as pd
import skops.io
import xgboost  # noqa: F401  (the same)
from sklearn.base import is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier, DummyRegressor

from ropewalk.models.common import (
    AdaptiveIntervals,
    ConformalClassifier,
    ConformalIntervals,
    ConformalRegressor,
    ConformalSets,
    TimeFolds,
)
from ropewalk.models.ensemble import (
    HistogramBoostingClassifier,
    HistogramBoostingRegressor,
    RandomForestAllFeaturesClassifier,
    RandomForestAllFeaturesRegressor,
    RandomForestNoFeaturesClassifier,
    RandomForestNoFeaturesRegressor,
)
from ropewalk.models.ensemble.boosting.lightgbm_boosting import (
    LightgbmClassifier,
    LightgbmRegressor,
)
from ropewalk.models.ensemble.boosting.xgboost_boosting import XgboostClassifier, XgboostRegressor
from ropewalk.models.regression import (
    ElasticNetRegressor,
    LogisticClassifier,
    OlsrRegressor,
    QuantileRegressor,
    RidgeRegressor,
)
from ropewalk.models.rule_based import NaiveClassifier, NaiveRegressor
from ropewalk.models.trusted_types import TRUSTED_TYPES, TRUSTED_TYPES_BY_FAMILY

FLIGHT = pd.DataFrame({"origin": ["JFK"]})
ESTIMATORS = (
    NaiveClassifier(),
    NaiveRegressor(),
    ElasticNetRegressor(),
    LogisticClassifier(),
    OlsrRegressor(),
    QuantileRegressor(),
    RidgeRegressor(),
    RandomForestNoFeaturesClassifier(),
    RandomForestNoFeaturesRegressor(),
    RandomForestAllFeaturesClassifier(),
    RandomForestAllFeaturesRegressor(),
    HistogramBoostingRegressor(categorical_features=[0]),
    HistogramBoostingClassifier(),
    LightgbmRegressor(categorical_features=[0]),
    LightgbmClassifier(),
    XgboostRegressor(categorical_features=[0]),
    XgboostClassifier(),
)


def test_each_family_trusts_what_its_models_need_and_nothing_else() -> None:
    X = np.random.default_rng(0).normal(size=(60, 2))
    y = X[:, 0] > 0
    needed: dict[str, set[str]] = {}

    for estimator in ESTIMATORS:
        content = skops.io.dumps(estimator.fit(X, y if is_classifier(estimator) else X[:, 0]))
        needed.setdefault(estimator.family, set()).update(
            skops.io.get_untrusted_types(data=content)
        )
    for calibration in (
        AdaptiveIntervals(0.4, group="origin", min_rows=1).fit([0.0], [0.0], FLIGHT),
        CalibratedClassifierCV(DummyClassifier(), method="sigmoid", cv=2).fit(X, X[:, 0] > 0),
        CalibratedClassifierCV(DummyClassifier(), method="temperature", cv=2).fit(X, X[:, 0] > 0),
        ConformalClassifier(DummyClassifier(), cv=TimeFolds(2)).fit(X, X[:, 0] > 0),
        ConformalIntervals("origin", min_rows=1).fit([0.0], [0.0], FLIGHT),
        ConformalRegressor(DummyRegressor()).fit(X, X[:, 0]),
        ConformalSets("origin", min_rows=1).fit(["late"], [[1.0]], ["late"], FLIGHT),
    ):
        content = skops.io.dumps(calibration)
        needed.setdefault("calibration", set()).update(skops.io.get_untrusted_types(data=content))

    assert needed == {family: set(names) for family, names in TRUSTED_TYPES_BY_FAMILY.items()}


def test_the_list_is_all_families_together_without_repeats() -> None:
    assert len(set(TRUSTED_TYPES)) == len(TRUSTED_TYPES)
    assert set(TRUSTED_TYPES) == {n for names in TRUSTED_TYPES_BY_FAMILY.values() for n in names}


def test_every_name_can_be_imported() -> None:
    for name in TRUSTED_TYPES:
        module, _, attribute = name.rpartition(".")
        assert callable(getattr(import_module(module), attribute))
