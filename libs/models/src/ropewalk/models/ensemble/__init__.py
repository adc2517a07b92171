"""Ensembles: many weak models that together make a strong one."""

from ropewalk.models.ensemble.boosting import HistogramBoostingRegressor
from ropewalk.models.ensemble.random_forests import (
    RandomForestAllFeaturesClassifier,
    RandomForestAllFeaturesRegressor,
    RandomForestNoFeaturesClassifier,
    RandomForestNoFeaturesRegressor,
)

__all__ = [
    "HistogramBoostingRegressor",
    "RandomForestAllFeaturesClassifier",
    "RandomForestAllFeaturesRegressor",
    "RandomForestNoFeaturesClassifier",
    "RandomForestNoFeaturesRegressor",
]
