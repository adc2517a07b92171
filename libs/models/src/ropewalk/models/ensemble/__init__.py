"""Ensembles: many weak models that together make a strong one."""

from ropewalk.models.ensemble.boosting import (
    HistogramBoostingClassifier,
    HistogramBoostingRegressor,
)
from ropewalk.models.ensemble.random_forests import (
    RandomForestAllFeaturesClassifier,
    RandomForestAllFeaturesRegressor,
    RandomForestNoFeaturesClassifier,
    RandomForestNoFeaturesRegressor,
)

__all__ = [
    "HistogramBoostingClassifier",
    "HistogramBoostingRegressor",
    "RandomForestAllFeaturesClassifier",
    "RandomForestAllFeaturesRegressor",
    "RandomForestNoFeaturesClassifier",
    "RandomForestNoFeaturesRegressor",
]
