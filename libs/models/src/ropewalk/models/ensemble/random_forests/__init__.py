"""Random forests: many trees, each grown on other rows and columns, averaged."""

from ropewalk.models.ensemble.random_forests.all_features import (
    RandomForestAllFeaturesClassifier,
    RandomForestAllFeaturesRegressor,
)
from ropewalk.models.ensemble.random_forests.no_features import (
    RandomForestNoFeaturesClassifier,
    RandomForestNoFeaturesRegressor,
)

__all__ = [
    "RandomForestAllFeaturesClassifier",
    "RandomForestAllFeaturesRegressor",
    "RandomForestNoFeaturesClassifier",
    "RandomForestNoFeaturesRegressor",
]
