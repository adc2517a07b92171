"""Numbers: rows and values that can't be used, gaps, scale, columns that say nothing."""

from ropewalk.features.build_numeric_features.prefilter import prefilter
from ropewalk.features.build_numeric_features.processor import BuildNumericFeatures

__all__ = ["BuildNumericFeatures", "prefilter"]
