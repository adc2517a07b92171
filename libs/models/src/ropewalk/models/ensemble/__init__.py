"""Ensembles: many weak models that together make a strong one."""

from ropewalk.models.ensemble.boosting import HistogramBoostingRegressor
from ropewalk.models.ensemble.random_forests import (
    RandomForestAllFeaturesRegressor,
    RandomForestNoFeaturesRegressor,
)

__all__ = [
    "HistogramBoostingRegressor",
    "RandomForestAllFeaturesRegressor",
    "RandomForestNoFeaturesRegressor",
]
