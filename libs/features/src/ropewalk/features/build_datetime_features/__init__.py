"""Times: the parts of a calendar and a clock, and where they stand in their cycle."""

from ropewalk.features.build_datetime_features.processor import BuildDatetimeFeatures

__all__ = ["BuildDatetimeFeatures"]
