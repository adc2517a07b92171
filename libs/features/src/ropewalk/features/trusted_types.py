"""The types that a fitted flow of this library is made of, for whoever loads one with skops."""

TRUSTED_TYPES: tuple[str, ...] = (
    "ropewalk.features.build_categorical_features.processor.BuildCategoricalFeatures",
    "ropewalk.features.build_datetime_features.processor.BuildDatetimeFeatures",
    "ropewalk.features.build_numeric_features.filter.Filter",
    "ropewalk.features.build_numeric_features.postfilter.Postfilter",
    "ropewalk.features.build_numeric_features.processor.BuildNumericFeatures",
    "ropewalk.features.build_text_features.processor.BuildTextFeatures",
)
"""Reviewed: none of them runs what its file says while it is made; all are plain state."""
