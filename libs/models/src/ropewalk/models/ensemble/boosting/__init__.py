"""Boosting: trees that each mend what those before them left."""

from ropewalk.models.ensemble.boosting.histogram_boosting import (
    HistogramBoostingClassifier,
    HistogramBoostingRegressor,
)

__all__ = ["HistogramBoostingClassifier", "HistogramBoostingRegressor"]
