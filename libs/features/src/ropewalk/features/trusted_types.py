"""The types that a fitted flow of this library is made of, for whoever loads one with skops."""

# Reviewed one by one: all are made from plain state, and none runs what its file says.
TRUSTED_TYPES: tuple[str, ...] = (
    # The type of what SimpleImputer was fitted on; skops stores it as an empty array.
    "numpy.dtype",
    "ropewalk.features.build_categorical_features.processor.BuildCategoricalFeatures",
    "ropewalk.features.build_datetime_features.processor.BuildDatetimeFeatures",
    "ropewalk.features.build_history_features.processor.BuildHistoryFeatures",
    "ropewalk.features.build_numeric_features.filter.Filter",
    "ropewalk.features.build_numeric_features.postfilter.Postfilter",
    "ropewalk.features.build_numeric_features.processor.BuildNumericFeatures",
    "ropewalk.features.build_text_features.processor.BuildTextFeatures",
)
