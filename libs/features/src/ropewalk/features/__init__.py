"""Feature flows: scikit-learn transformers that turn columns of a frame into float64."""

from ropewalk.features.build_categorical_features import BuildCategoricalFeatures
from ropewalk.features.build_datetime_features import BuildDatetimeFeatures
from ropewalk.features.build_history_features import BuildHistoryFeatures, Window
from ropewalk.features.build_numeric_features import BuildNumericFeatures, prefilter
from ropewalk.features.build_text_features import BuildTextFeatures
from ropewalk.features.common.account import AccountRow
from ropewalk.features.common.flow import FeatureFlow
from ropewalk.features.common.known_by import known_by
from ropewalk.features.errors import FeatureColumnError, FeatureError, FeatureRowsError
from ropewalk.features.feature_flow_contract import FeatureFlowContract
from ropewalk.features.trusted_types import TRUSTED_TYPES

__all__ = [
    "TRUSTED_TYPES",
    "AccountRow",
    "BuildCategoricalFeatures",
    "BuildDatetimeFeatures",
    "BuildHistoryFeatures",
    "BuildNumericFeatures",
    "BuildTextFeatures",
    "FeatureColumnError",
    "FeatureError",
    "FeatureFlow",
    "FeatureFlowContract",
    "FeatureRowsError",
    "Window",
    "known_by",
    "prefilter",
]
