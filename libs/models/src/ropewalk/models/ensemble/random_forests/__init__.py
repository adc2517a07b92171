"""Random forests: many trees, each grown on other rows and columns, averaged."""

from ropewalk.models.ensemble.random_forests.all_features import RandomForestAllFeaturesRegressor
from ropewalk.models.ensemble.random_forests.no_features import RandomForestNoFeaturesRegressor

__all__ = ["RandomForestAllFeaturesRegressor", "RandomForestNoFeaturesRegressor"]
